/**
 * @file compliance/verify.h  Check an archive without any database
 *
 * Walks the chain of manifests of one adapter's directory and tells what is
 * missing, changed, repeated or out of place: batches, files, events.  Reads
 * every file once; memory is bounded whatever the size of the archive, but
 * for the names of its files.  Blocks.
 */
#pragma once

#include "compliance/digest.h"

struct signkey;

struct verify_sum {
	uint64_t manifests, files, events, bytes;
	uint64_t problems;
	uint64_t pending;       /* files of a batch under way, not wrong     */
	char adapter[64];       /* whose it is                               */
	uint64_t serial;        /* end of the chain: keep it somewhere else, */
	char sha256[DIGEST_HEXSIZE];   /* nobody can tell a chain cut short  */
};

/** A problem, as one line that names batch, file or event */
typedef void (verify_h)(const char *problem, void *arg);
/**
 * An event of the archive, in the order of the chain
 *
 * @param fieldv  The columns of its line behind the ordinal
 *                (compliance/manifest.h); valid during the call
 */
typedef void (verify_event_h)(uint64_t batch, char *const *fieldv,
			      void *arg);

enum { VERIFY_FIELDS = 7 };

/**
 * @param sum  Always set
 * @param dir  An adapter's directory
 * @param key  Every manifest must be signed with it; NULL: not asked
 *
 * @param h       Told of what is wrong; may be NULL
 * @param eventh  Told of every event; may be NULL
 *
 * @return 0 (whatever it found: see sum->problems), ENOENT and other errors of
 *         reading the directory, ENOMEM
 */
int verify_dir(struct verify_sum *sum, const char *dir,
	       const struct signkey *key, verify_h *h,
	       verify_event_h *eventh, void *arg);
