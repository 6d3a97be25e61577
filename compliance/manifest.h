/**
 * @file compliance/manifest.h  What one batch left in an archive
 *
 * After each delivery the host writes manifest-<batch>.json into the adapter's
 * directory: counts, first and last event, every file with size and SHA-256,
 * and the SHA-256 of the manifest before it, which makes a chain.  Beside it
 * lies events-<batch>.idx, one line an event in the order of the batch,
 *
 *     ordinal  guid  kind  room  msg_id  session  ts  ids
 *
 * with tabs between, "-" for none, ts in microseconds since 1970, and the ids
 * of the messages that went ("5-9,12-12") when that is what it tells: what is in
 * a batch can be told without knowing the adapter's format.  A signature is
 * in manifest-<batch>.json.sig, base64 of Ed25519 over the manifest's bytes.
 * A batch that is delivered again after an operator asked for it, or whose
 * names are taken, gets names of its own, manifest-<batch>-<serial>.json.
 *
 * compliance/FORMAT.md describes all that for whoever reads an archive,
 * compliance/verify.h checks it.
 */
#pragma once

#include "compliance/digest.h"

struct adapter_batch;
struct json_t;
struct outdir;

enum manifest_result {
	MANIFEST_DELIVERED,     /* the adapter has it                        */
	MANIFEST_REFUSED,       /* it did not want it; not archived (yet)    */
	MANIFEST_SKIPPED,       /* an operator gave the refused batch up     */
	MANIFEST_MISSED,        /* its rows were gone: adapter not required  */
	MANIFEST_PARTIAL,       /* the adapter has it but for some items     */
};

struct manifest_file {
	struct le le;
	char *name;             /* below the directory                       */
	uint64_t size;
	char sha256[DIGEST_HEXSIZE];
};

struct manifest {
	char *adapter;          /* name in the configuration                 */
	char *type;
	char *note;             /* why refused, who skipped; NULL: none      */
	uint64_t serial;        /* place in the chain, from 1                */
	uint64_t batch;
	enum manifest_result result;
	bool retry;             /* the batch was refused before              */
	bool replay;            /* built again for an operator               */
	bool completes;         /* items that a partial one lacked; what is
				   in the batch that one has said            */
	bool suffixed;          /* names have the serial in them             */
	char chain[40];         /* GUID of the chain                         */
	char key[DIGEST_HEXSIZE];       /* signkey_id() of its key; "": none */
	uint64_t adopted;       /* events that the directory had already     */
	struct json_t *forks;   /* [{what, found, detail}], or NULL          */
	struct json_t *lost;    /* [{event, file}], or NULL                  */
	struct json_t *refused; /* [{item, error}], or NULL                  */
	int64_t from_us, to_us;
	uint64_t eventc;
	uint64_t kindv[64];     /* events by kind                            */
	uint64_t participants;  /* people in it, each once                   */
	char first[40], last[40];       /* events' ids; "": none             */
	struct list filel;      /* struct manifest_file, the adapter's       */
	struct manifest_file *index;    /* NULL: none                        */
	char previous[DIGEST_HEXSIZE];  /* zeros: the first of the chain     */
};

/** The chain's beginning */
extern const char manifest_none[DIGEST_HEXSIZE];

int  manifest_file_alloc(struct manifest_file **filep, const char *name);
int  manifest_alloc(struct manifest **mp, const char *adapter,
		    const char *type);
/** Counts, ends and times of a batch.  ENOMEM */
int  manifest_count(struct manifest *m, const struct adapter_batch *batch);
/**
 * A file that the adapter has written and that is durable
 *
 * @param dir   The adapter's directory
 * @param path  Below it; the same file again replaces what was noted
 *
 * @return 0, EINVAL (not below dir), what reading it says, ENOMEM
 */
int  manifest_add(struct manifest *m, const char *dir, const char *path);
/** The batch was not taken: no file is of it */
void manifest_withdraw(struct manifest *m);
/**
 * Give files and manifest other names where @p od has files of theirs
 *
 * @return 0 or what renaming in the directory of the try says
 */
int  manifest_avoid(struct manifest *m, const struct outdir *od);
/** Write the index of events.  0 or what writing says */
int  manifest_index(struct manifest *m, const char *dir,
		    const struct adapter_batch *batch);
/** The JSON text that is hashed, signed and written */
int  manifest_encode(const struct manifest *m, struct mbuf *mb);
/**
 * Write it, and its signature if there is a key
 *
 * @param mb  Of manifest_encode()
 */
int  manifest_write(const struct manifest *m, const struct mbuf *mb,
		    const char *dir, const struct signkey *key);

/** EBADMSG: it is none, or something that it must have is missing */
int  manifest_decode(struct manifest **mp, const char *text, size_t size);
/** Its file's name.  @p buf holds at least 64 */
const char *manifest_name(char *buf, size_t size, const struct manifest *m);
const char *manifest_result_name(enum manifest_result result);
