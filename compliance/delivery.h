/**
 * @file compliance/delivery.h  One batch into one adapter
 *
 * What the adapters' processes and pchatctl's replay share: the adapter opened
 * as its file says, the batch read, handed over, its manifest written, and all
 * of it published in the adapter's directory.  Blocks.
 */
#pragma once

struct adapter_spec;
struct bstore;
struct outdir;

/** One adapter opened, with what host functions it has */
struct delivery;

/**
 * Open the adapter of a file
 *
 * @param dir    Instead of the directory of its file; NULL: that
 * @param files  The compliance file store; NULL: none
 *
 * @return 0, EBADMSG (see errmb), what the adapter's open says (logged)
 */
int delivery_open(struct delivery **dp, const char *path, const char *dir,
		  const char *files, struct mbuf *errmb);
const struct adapter_spec *delivery_spec(const struct delivery *d);
/** Its directory as configured, or as given to delivery_open(); NULL: none */
const char *delivery_dir(const struct delivery *d);
/** The directory, locked, that deliveries publish in; borrowed */
void delivery_use(struct delivery *d, struct outdir *od);

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
	bool completes;                  /* what a partial one lacked        */
	const char *chain;               /* its GUID; NULL: none             */
	const char *forks;               /* JSON array to be told; NULL      */
	const char *told;                /* number of the last of them       */

	const char *result;              /* "delivered" ...                  */
	char why[256];                   /* one line of UTF-8                */
	char sha256[65];                 /* of its manifest                  */
	struct mbuf *manifest;           /* the text; the caller frees it    */
	size_t held_bytes;               /* by the records of the batch      */
};

/** How a delivery ends.  Not an errno: what an adapter answers, what our own
 * files say and what the store says are three things */
enum delivery_end {
	DELIVERY_SETTLED,       /* one way or the other: see result          */
	DELIVERY_LATER,         /* not now: see why                          */
	DELIVERY_LOST,          /* the connection to the store is of no use
				   any more                                  */
};

/** Deliver one batch, write its manifest and publish both */
enum delivery_end delivery_run(struct delivery *d, struct bstore *st,
			       struct delivery_job *job);
