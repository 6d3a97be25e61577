/**
 * @file common/daemon_opt.h  The command line that all daemons have
 *
 * Private to daemon.c.
 */
#pragma once

#include "common/version.h"

enum {
	EXIT_OK     = 0,
	EXIT_FAILED = 1,
	EXIT_CONFIG = 2,           /* or usage */
};

enum daemon_mode {
	MODE_RUN, MODE_CHECK, MODE_MAN, MODE_SAMPLE, MODE_VERSION, MODE_HELP
};

struct daemon_opt {
	enum daemon_mode mode;
	const char *path;          /* of -f; set if the mode is RUN or CHECK */
	bool connect;              /* check also what it connects to         */
};

/** @return false: not how it is used */
bool daemon_opt_read(struct daemon_opt *opt, int argc, char *argv[]);

/** What --man, --sample, --version, -h print.  @return the exit status */
int  daemon_opt_print(enum daemon_mode mode, const char *name,
		      const struct conf_key *keyv, size_t keyc);

/** @return EXIT_OK if asked for (on stdout), else EXIT_CONFIG */
int  daemon_opt_usage(const char *name, FILE *f);
