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
	uint64_t serial;        /* end of the chain: keep it somewhere else, */
	char sha256[DIGEST_HEXSIZE];   /* nobody can tell a chain cut short  */
};

/** A problem, as one line that names batch, file or event */
typedef void (verify_h)(const char *problem, void *arg);

/**
 * @param sum  Always set
 * @param dir  An adapter's directory
 * @param key  Every manifest must be signed with it; NULL: not asked
 *
 * @return 0 (whatever it found: see sum->problems), ENOENT and other errors of
 *         reading the directory, ENOMEM
 */
int verify_dir(struct verify_sum *sum, const char *dir,
	       const struct signkey *key, verify_h *h, void *arg);
