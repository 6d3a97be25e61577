/**
 * @file tests/db/archiving.h  Events staged, and an archive daemon's inside
 *
 * A store with a compliance store beside it, the parts of pchat-compliance
 * behind the staging on this process's loop, their adapters' processes, and
 * pchatctl.  The suite's fixture builds the plug-in of tests/db/plugin.
 */
#pragma once

#include <stdint.h>

enum { ARCHIVING_LIMIT_MS = 30000 };

/** Unchecked fixture: the store and the plug-in */
void archiving_begin(void);
void archiving_end(void);
/** Checked: an empty compliance store */
void archiving_setup(void);
void archiving_teardown(void);

/**
 * An adapter's file, for the next archiving_up()
 *
 * @param name   And its directory's, below archiving_dir()
 * @param type   NULL: the plug-in
 * @param extra  Further lines, or NULL
 */
void archiving_adapter(const char *name, const char *type, const char *extra);
/** Start; @p extra are lines of the daemon's configuration, or NULL */
void archiving_up(const char *extra);
void archiving_down(void);
/** What the plug-in called name is to do from now on; NULL: nothing special */
void archiving_mood(const char *name, const char *mood);
/** A checked fixture of all that: a cluster of the test's own */
void archiving_alone(void);
void archiving_alone_end(void);
/** A shell's command; it must succeed */
void archiving_sh(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
/** Dump a database ("mgc" or NULL, the compliance store) to a file, and make
 *  it anew from there */
void archiving_dump(const char *name, const char *file);
void archiving_restore(const char *name, const char *file);
/** The cluster's files, stopped and copied; and put back, all of them */
void archiving_copy(void);
void archiving_put_back(void);
/** An empty compliance store in the place of the one that was there */
void archiving_anew(void);

/** The adapter's directory; valid until the next call */
const char *archiving_dir(const char *name);
const char *archiving_file(const char *name);

/** SQL on the compliance store */
void archiving_sql(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
int64_t archiving_number(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
/** The loop runs until an SQL query on it answers @p goal */
void archiving_wait(int64_t goal, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** The same with a boolean expression ("t" or "f") on the store */
void archiving_state_wait(const char *goal, const char *expr);

/** Stage CHATs first..last of a room (1..9), a second each, the first a
 * minute after the room's number in hours since some day */
void archiving_chats(unsigned room, unsigned first, unsigned last);
/** JOIN or PART (20, 21) of user n in a room, at that second */
void archiving_presence(unsigned room, unsigned user, int kind, unsigned s);
/** The store's outbox goes to the compliance store, as channel processes
 * bring it, whoever's it is */
void archiving_push(void);
/** Have a run, and wait until all are done with it */
void archiving_run(void);

/** pchatctl on both stores; up to 8 words, NULL-terminated.  Exit status */
int archiving_ctl(const char *word, ...);
const char *archiving_out(void);
const char *archiving_err(void);

struct store *archiving_store(void);
const char *archiving_conninfo(void);
