/**
 * @file compliance/delivery.h  One batch into one adapter
 *
 * What the adapters' processes and pchatctl's replay share: the adapter opened
 * as its file says, the batch read, handed over, and its manifest written.
 * Blocks.
 */
#pragma once

struct adapter_spec;
struct bstore;

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
