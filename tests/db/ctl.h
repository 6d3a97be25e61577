/**
 * @file tests/db/ctl.h  pchatctl in a test: whole command lines, and what
 * they print
 */
#pragma once

struct store;

/**
 * Run pchatctl --store OURS and these words, as a user would type them
 *
 * @param line  Words divided by blanks; '...' keeps some together
 *
 * @return exit status
 */
int ctl_run(const struct store *st, const char *line);
/** What the last one printed */
const char *ctl_out(void);
const char *ctl_err(void);

/** Fails the test unless the command did its work without a word of error */
#define ctl_well(st, line)                                              \
	do {                                                            \
		const int ctl_status = ctl_run(st, line);               \
		ck_assert_msg(!ctl_status, "%s: %s", line, ctl_err());  \
		ck_assert_str_eq(ctl_err(), "");                        \
	} while (0)

/** Fails the test unless it was refused with these words */
#define ctl_refused(st, line, words)                                    \
	do {                                                            \
		ck_assert_int_ne(ctl_run(st, line), 0);                 \
		ck_assert_msg(strstr(ctl_err(), words) != NULL,         \
			      "%s: %s", line, ctl_err());               \
	} while (0)
