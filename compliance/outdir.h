/**
 * @file compliance/outdir.h  The directory of one adapter
 *
 * It belongs to one adapter and one chain of manifests, as its identity file
 * says, and to one process at a time, as a lock says.  What a try writes is
 * below DIR/.try; when the batch is settled that becomes DIR/.done as a whole,
 * and then its files move into DIR one by one, the manifest last.  A file that
 * is in DIR is never replaced and never removed; only what is in .try is.
 * Blocks; one thread.
 *
 *     DIR/pchat-archive.json   {"format": 1, "adapter": ..., "chain": ...,
 *                               "after": {"serial": ..., "sha256": ...}}
 *     DIR/.lock                held; says which process
 */
#pragma once

#include "compliance/digest.h"

struct outdir;

#define OUTDIR_IDENTITY "pchat-archive.json"
#define OUTDIR_LOCK ".lock"
#define OUTDIR_TRY ".try"
#define OUTDIR_DONE ".done"

/** Whose it is, and after which manifest it begins (0: it has the first) */
struct outdir_id {
	char adapter[256];
	char chain[40];
	uint64_t after_serial;
	char after_sha256[DIGEST_HEXSIZE];
};

/**
 * Lock it
 *
 * @param odp    Set on success; mem_deref() unlocks
 * @param errmb  Why not, in words
 *
 * @return 0, EBUSY (another process has it), or what the system says
 */
int  outdir_open(struct outdir **odp, const char *dir, struct mbuf *errmb);
/** It is the one that was locked: nobody has put another in its place */
bool outdir_same(const struct outdir *od);
const char *outdir_path(const struct outdir *od);
/** DIR/.try */
const char *outdir_try(const struct outdir *od);

/** 0, ENOENT (there is none), EBADMSG (it is no identity) */
int  outdir_read_id(struct outdir_id *id, const char *dir);
/** Write the identity file of a directory that has none.  0 or errno */
int  outdir_claim(struct outdir *od, const struct outdir_id *id);
/** The same for one that has */
int  outdir_reclaim(struct outdir *od, const struct outdir_id *id);

/** An empty .try */
int  outdir_begin(struct outdir *od);
/** Is there a file of that name? */
bool outdir_has(const struct outdir *od, const char *name);
/** All of .try is durable in the directory, the manifest too
 *
 * @param errmb  Which file is in the way
 *
 * @return 0, EEXIST (see errmb), or what the system says
 */
int  outdir_publish(struct outdir *od, struct mbuf *errmb);
/** What an earlier process had begun to publish.  The same */
int  outdir_finish(struct outdir *od, struct mbuf *errmb);
