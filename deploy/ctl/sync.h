/**
 * @file deploy/ctl/sync.h  pchatctl sync: principals from a directory
 *
 * Read, plan, apply: see ctl_sync.sql.  Every function that fails has said
 * why.
 */
#pragma once

#include "common/conf.h"

struct bstore;
struct dir;
struct tool;

extern const struct conf_key sync_keyv[];
extern const size_t sync_keyc;

enum { SYNC_COOKIE_SIZE = 512, SYNC_STAMP_SIZE = 16 };

/** One run */
struct sync {
	struct tool *tool;
	struct config *conf;
	struct dir *dir;
	struct bstore *st;
	const char *source;                /* its name in the store          */
	char settings[33];                 /* what it is read with, as MD5   */
	char since[SYNC_COOKIE_SIZE];      /* filter of what changed;
	                                      "": everything                 */
	char cookie[SYNC_COOKIE_SIZE];     /* for the next run; "": none     */
};

/** Value of a key of the file; NULL: none, or empty */
const char *sync_key(const struct sync *sync, const char *name);

/** Say from the stored cookie what is to be read: sync->since.  A server that
 *  counts its changes gives sync->cookie */
void sync_since(struct sync *sync, const char *stored);
/** Make sync->cookie of the latest time stamp, unless the server gave it */
void sync_cookie(struct sync *sync, const char *stamp);

/** Fill the temporary tables from the directory, wholly or what changed.  An
 *  errno of bstore or dir */
int  sync_read(struct sync *sync);

/**
 * Make the plan of what was read
 *
 * @param leftp  Set to how many entries were left out, which was said
 *
 * @return 0, ERANGE (too many are gone), or an errno of bstore
 */
int  sync_plan(struct sync *sync, int *leftp);

/** Write what was planned, and @p counts to the audit.  An errno of bstore */
int  sync_apply(struct sync *sync, const char *counts);
