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
	uint64_t notes;
	char adapter[256];      /* whose it is                               */
	uint64_t serial;        /* end of the chain: keep it somewhere else, */
	char sha256[DIGEST_HEXSIZE];   /* nobody can tell a chain cut short  */
};

/** What the archive itself says is not as it should be.  No problem of the
 * archive: it is whole, and tells of it */
enum verify_note {
	VERIFY_FORK,            /* something was set back or exchanged       */
	VERIFY_LOST,            /* an upload was lost before it was copied   */
	VERIFY_REFUSED,         /* a batch was refused and not delivered yet */
	VERIFY_PARTIAL,         /* items of a batch, likewise                */
};

/** A problem, as one line that names batch, file or event */
typedef void (verify_h)(const char *problem, void *arg);
typedef void (verify_note_h)(enum verify_note what, const char *note,
			     void *arg);
/**
 * An event of the archive, in the order of the chain
 *
 * @param fieldv  The columns of its line behind the ordinal
 *                (compliance/manifest.h); valid during the call
 */
typedef void (verify_event_h)(uint64_t batch, char *const *fieldv,
			      void *arg);

enum { VERIFY_FIELDS = 7 };

/** A public key, and the manifests that it may have signed */
struct verify_key {
	struct signkey *key;
	uint64_t first, last;   /* serials, both included                    */
};

/** A place in the chain that was kept elsewhere */
struct verify_mark {
	uint64_t serial;        /* 0: none                                   */
	char sha256[DIGEST_HEXSIZE];   /* of its manifest                    */
};

struct verify_opt {
	const struct verify_key *keyv;       /* every manifest must be signed
					        with one of them             */
	size_t keyc;            /* 0: not asked                              */
	struct verify_mark after;            /* the archive begins behind it */
	struct verify_mark expect;           /* it reaches this one at least */
	verify_h *h;            /* handlers may be NULL                      */
	verify_note_h *noteh;
	verify_event_h *eventh;
	void *arg;
};

/**
 * @param sum  Always set
 * @param dir  An adapter's directory
 * @param opt  NULL: nothing in particular
 *
 * @return 0 (whatever it found: see sum->problems), ENOENT and other errors of
 *         reading the directory, ENOMEM
 */
int verify_dir(struct verify_sum *sum, const char *dir,
	       const struct verify_opt *opt);
