/**
 * @file webfiles/filestore.h  Files on disk: written aside, then put in place
 *
 * DIR/ROOM/GUID.EXT (protocol.md 9.3); what is on its way is in DIR/new.  A
 * whole file stays there under a second name, ROOM~GUID.EXT, until the store
 * has it: whoever finds it later knows what to ask the store (clean.h).  Names
 * are made of GUIDs and a checked extension only.  Several processes share one
 * folder.
 */
#pragma once

#include "common/guid.h"

enum {
	FILE_EXT_MAX    = 16,
	FILE_PATH_MAX   = 1024,
	FILE_NAME_SIZE  = 64,
	FILE_ASIDE_SIZE = 128,
};

struct filestore;
struct worker;

/** What names a file */
struct file_key {
	uint8_t room[GUID_SIZE];
	uint8_t id[GUID_SIZE];
	char ext[FILE_EXT_MAX + 1];     /* without dot; "": none            */
};

/** A file that is being written; freed before it is in place, it is gone */
struct file_new {
	struct filestore *fs;           /* reference                        */
	struct file_key key;
	char path[FILE_PATH_MAX];       /* aside                            */
	char final[FILE_PATH_MAX];
	uint64_t size;
	char sha256[65];                /* hex, once it is in place         */
	int fd;
	int err;                        /* what became of putting it there  */
	bool placed;
};

/** @return 0, or why @p dir cannot be used (logged) */
int  filestore_open(struct filestore **fsp, const char *dir,
		    const char *scanner, const char *allowed,
		    const char *denied);

/**
 * The extension of a name that somebody gave, in lower case
 *
 * @return 0, EINVAL (not letters and digits, or too long), EPERM (not one that
 *         may be uploaded)
 */
int  filestore_ext(char ext[FILE_EXT_MAX + 1], const struct filestore *fs,
		   const char *name);
/** "GUID.EXT" to id and ext of @p key.  EINVAL: anything else */
int  file_key_decode(struct file_key *key, const char *name);
/** "GUID.EXT" */
void file_key_print(char name[FILE_NAME_SIZE], const struct file_key *key);

/**
 * Begin a file, or go on with one
 *
 * @param aside  What it is called until it is whole; NULL: a name of its own.
 *               What is there under that name already is its beginning
 *
 * @return 0, ENOSPC, ...
 */
int  file_create(struct file_new **fp, struct filestore *fs,
		 const struct file_key *key, const char *aside);
int  file_write(struct file_new *f, const uint8_t *p, size_t len);
/** Somebody will go on with it: it stays when this is freed */
void file_keep(struct file_new *f);

/** err: 0, EPERM (the scanner says no), EIO (it did not work), ENOSPC, ... */
typedef void (file_place_h)(struct file_new *f, void *arg);
/**
 * Flush it to disk, have it scanned, put it in place: beside the loop
 *
 * @param arg  A libre object; referenced until @p h was called
 *
 * @return 0, EAGAIN (too much is under way)
 */
int  file_place(struct file_new *f, struct worker *worker, file_place_h *h,
		void *arg);

/** It is in place: the store has it, or never will.  Without this, clean.h
 *  asks the store in due time */
void file_settle(struct file_new *f, bool kept);

/** For reading.  @return the descriptor, or -1 (errno) */
int  filestore_get(const struct filestore *fs, const struct file_key *key,
		   uint64_t *sizep);
/** Not there is fine */
int  filestore_remove(const struct filestore *fs, const struct file_key *key);

/** What lies in DIR/new */
struct file_left {
	char name[FILE_ASIDE_SIZE];
	struct file_key key;
	bool whole;                     /* key says what it would be        */
};

/** Up to @p max that nobody wrote to for @p age_s; how many there are */
size_t filestore_left(const struct filestore *fs, unsigned age_s,
		      struct file_left *leftv, size_t max);
/** Remove one, and with @p entirely what was put in place of it */
void filestore_sweep(const struct filestore *fs, const struct file_left *left,
		     bool entirely);
