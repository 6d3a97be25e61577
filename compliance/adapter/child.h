/**
 * @file compliance/adapter/child.h  A command fed from a socket, with a limit
 *
 * No shell: argv as it is.  The child is the head of a process group of its
 * own and has nothing open but its standard input (a socket), /dev/null as
 * output and a pipe as standard error.  Blocking.
 */
#pragma once

struct child;

/** Called for the first 50 lines of standard error, cut at 1000 characters */
typedef void (child_line_h)(const char *line, void *arg);

struct child_opt {
	const char *const *argv;     /* NULL-terminated, argv[0] a path      */
	const char *const *envv;     /* "KEY=value", beside PATH; terminated */
	uint64_t timeout_ms;         /* of all                               */
	child_line_h *lineh;
	void *arg;
};

/** 0 or errno; whether the program exists shows in child_wait() */
int child_start(struct child **cp, const struct child_opt *opt);
/** 0, EPIPE (it reads no more), ETIMEDOUT */
int child_write(struct child *c, const void *p, size_t n);
/**
 * The end of its input; waits until it has ended
 *
 * @param statusp  As of waitpid()
 *
 * @return 0, ETIMEDOUT (it was killed), EPIPE (it ended before it had read
 *         all)
 */
int child_wait(struct child *c, int *statusp);
/* mem_deref() kills it if it lives */
