/**
 * @file tests/support/purple.h  The real client in a test
 *
 * Starts tests/purple's program, sends it commands and waits for events.  An
 * event is matched by a pattern "EVENT|FIELD|FIELD...": fields are compared
 * whole, "*" stands for any field, and fields at the end may be left out.
 * Functions block; they do not run libre's loop.
 */
#pragma once

struct pidgin;

struct pidgin_conf {
	const char *user;         /* "sip:ada@example.net"                  */
	const char *password;     /* NULL: some text                        */
	const char *server;       /* "127.0.0.1:PORT"                       */
	const char *transport;    /* "tcp", "tls"; NULL: tcp                */
	const char *trace;        /* file for its log and SIP trace, or NULL */
	const char *home;         /* folder for its files; NULL: one in /tmp
	                             that it removes unless it is killed    */
	unsigned seed;            /* equal ones make equal Call-IDs, tags and
	                             branches; 0: like no other client's     */
};

enum { PIDGIN_MS = 15000 };       /* how long a step may take */

/**
 * Start a client; it does not sign in before the command "login"
 *
 * @param pp  Set on success; mem_deref() kills it (SIGKILL) if it still runs
 *
 * @return 0, ENOMEM, or errno of fork and its like
 */
int  pidgin_start(struct pidgin **pp, const struct pidgin_conf *conf);
/** "quit", and wait until it has gone.  @return its exit status, -1: killed */
int  pidgin_quit(struct pidgin *p);
/** SIGKILL: it goes without a word to the server */
void pidgin_kill(struct pidgin *p);

/** Send a command, made like re_printf's text */
int  pidgin_send(struct pidgin *p, const char *fmt, ...);

/**
 * Wait for an event behind the one that was waited for last
 *
 * @return its line (valid while @p p is), or NULL when it did not come in
 *         PIDGIN_MS: the events that did come are printed
 */
const char *pidgin_wait(struct pidgin *p, const char *pattern);
/** The same among all events since pidgin_mark(), in whatever order */
const char *pidgin_await(struct pidgin *p, const char *pattern);
/** From now on only what comes from now on counts */
void pidgin_mark(struct pidgin *p);
/** How many events since pidgin_mark() match, of those that have come */
size_t pidgin_count(struct pidgin *p, const char *pattern);
/** Field @p i (1: the first) of an event's line, as text to mem_deref() */
char *pidgin_field(const char *line, unsigned i);
/** Its process; 0 when it has ended */
pid_t pidgin_pid(const struct pidgin *p);
