/**
 * @file compliance/worker.h  The process that one adapter runs in
 *
 * Takes batch after batch from the compliance store, hands them to its
 * adapter, writes the manifest, records what became of it.  What it is to do
 * comes as one JSON line on standard input; when that ends, so does the
 * process, after the delivery under way.  Blocks as it likes.
 */
#pragma once

struct adapter_batch;
struct adapter_spec;
struct bstore;

/** The argument that makes a daemon's program a worker */
#define WORKER_ARG "--worker"

enum { WORKER_DEATHS_MAX = 3 };   /* with the same batch: it is refused then */

/** main() of the process; libre is not initialised.  @return exit status */
int worker_main(void);

/** One adapter opened, with what host functions it has */
struct delivery;

/**
 * Open the adapter of a file, as worker_main() does and pchatctl's replay
 *
 * @param dir    Instead of the directory of its file; NULL: that
 * @param files  The compliance file store; NULL: none
 *
 * @return 0, EBADMSG (see errmb), what the adapter's open says (logged)
 */
int delivery_open(struct delivery **dp, const char *path, const char *dir,
		  const char *files, struct mbuf *errmb);
const struct adapter_spec *delivery_spec(const struct delivery *d);

/** What is to be delivered, and what became of it */
struct delivery_job {
	uint64_t batch;
	int64_t from_us, to_us;
	uint64_t eventc;
	uint64_t serial;                 /* place in the chain               */
	const char *previous;            /* SHA-256 of the manifest before   */
	const char *verdict;             /* "deliver", "refuse" ...          */
	const char *note;                /* why, unless "deliver"            */
	bool retry, replay;

	const char *result;              /* "delivered" ...                  */
	char why[256];
	char sha256[65];                 /* of its manifest                  */
	struct mbuf *manifest;           /* the text; the caller frees it    */
	size_t held_bytes;               /* by the records of the batch      */
};

/**
 * Deliver one batch and write its manifest
 *
 * @return 0 it is settled, one way or the other; EAGAIN not now (why says
 *         why); EPROTO the connection to the store is of no use any more
 */
int delivery_run(struct delivery *d, struct bstore *st,
		 struct delivery_job *job);
