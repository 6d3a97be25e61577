/**
 * @file deploy/ctl/sync.h  pchatctl sync: principals from a directory
 */
#pragma once

#include "common/conf.h"

struct bstore;
struct dir;
struct tool;

extern const struct conf_key sync_keyv[];
extern const size_t sync_keyc;

enum { SYNC_COOKIE_SIZE = 160 };

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
	char cookie[SYNC_COOKIE_SIZE];     /* for the next run               */
	bool full;
};

/** Fill the temporary tables of ctl_sync.sql from the directory, wholly or
 *  what changed.  Sets sync->cookie; 0, or an errno and it was said why */
int sync_read(struct sync *sync);

/** Say from the stored cookie what is to be read, sync->since; "": all */
void sync_since(struct sync *sync, const char *stored);
