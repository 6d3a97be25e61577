/**
 * @file compliance/verify_priv.h  Between the parts of verify
 */
#pragma once

struct manifest;

/* A regular file below the directory; sorted by name */
struct vfile {
	char *name;
	bool listed;            /* some manifest or we know it               */
};

/* A manifest; sorted by serial */
struct vlink {
	char *name;
	char *adapter;
	uint64_t serial, batch, eventc;
	int result;             /* enum manifest_result                      */
	bool retry, completes, forked;
	char *refused;          /* items, as text; NULL: none                */
	char chain[40];
	char index[64];         /* "": none                                  */
	char sha256[DIGEST_HEXSIZE], previous[DIGEST_HEXSIZE];
};

struct verify {
	const char *dir;
	struct verify_opt opt;
	struct verify_sum *sum;
	struct vfile *filev;
	size_t filec, files_max;
	struct vlink *linkv;
	size_t linkc, links_max;
};

void verify_problem(struct verify *v, const char *fmt, ...);
void verify_tell(struct verify *v, enum verify_note what, const char *fmt,
		 ...);
/** The whole file, with a 0 behind it.  EFBIG: beyond any manifest */
int  verify_read(const struct verify *v, struct mbuf **mbp, const char *name);
struct vfile *verify_file(const struct verify *v, const char *name);
/** Read the names below the directory */
int  verify_scan(struct verify *v);
/** Read the manifest and check what it says of its files */
int  verify_load(struct verify *v, struct manifest **mp, const char *name,
		 struct vlink *link);
/** The chain, by serial */
void verify_chain(struct verify *v);
/** Notes of what the chain leaves open */
void verify_open_ends(struct verify *v);
/** The lines of a batch's index */
int  verify_index(struct verify *v, const struct manifest *m);
/** Tell of every event */
void verify_events(struct verify *v);
/** Events that are in more than one place */
int  verify_repeats(struct verify *v);
