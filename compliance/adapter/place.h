/**
 * @file compliance/adapter/place.h  Output files of a batch, and how they fail
 *
 * Names are the same whenever a batch comes again:
 * NAME-BBBBBBBBBBBB-FROM-TO[-TAG].EXT with the batch id in twelve digits and
 * the times as 20131105T142617Z.
 */
#pragma once

struct outfile;

/** "20131105T142617Z" and NUL */
enum { PLACE_TS_SIZE = 17 };
const char *place_ts(char buf[PLACE_TS_SIZE], int64_t us);

/**
 * Open DIR/NAME-...-TAG.EXT
 *
 * @param tag  NULL: none; made harmless where it is not [A-Za-z0-9.-]
 *
 * @return 0, ENOTDIR (the batch has no directory), ENOMEM or errno
 */
int place_open(struct outfile **ofp, const struct adapter_batch *batch,
	       const char *name, const char *tag, const char *ext);

/** "NAME-BBBBBBBBBBBB-FROM-TO", what names and keys begin with; mem_deref() */
int place_stem(char **stemp, const struct adapter_batch *batch,
	       const char *name);

/** Commit, and tell the manifest */
int place_close(struct outfile *of, const struct adapter_host *host);

/**
 * What deliver() returns for an error of ours: a full or missing disk is not
 * the batch's fault, so ADAPTER_LATER.  Only EBADMSG, what cannot be put into
 * the adapter's format, refuses it.  0: ADAPTER_TAKEN
 */
enum adapter_verdict place_result(int err, const char *what, char *errbuf,
				  size_t errsize);

/** The close() of an adapter whose state is a libre object */
void place_leave(void *state);
