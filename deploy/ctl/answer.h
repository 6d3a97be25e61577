/**
 * @file deploy/ctl/answer.h  What commands on one object have in common
 */
#pragma once

struct tool;

/**
 * Run a statement that changes something, and say what came of it
 *
 * @param stmt  Its only value: empty or true, done; false or 0, was so
 *              already; else how many changed
 * @param what  Name of what is changed
 * @param done  Said after it
 *
 * @return exit status
 */
int answer_change(struct tool *tool, const char *stmt,
		  const char *const *argv, int argc,
		  const char *what, const char *done);

enum { ANSWER_KEY_SIZE = 512 };

/** A user's canonical URI; NULL, and said so: it is none */
const char *answer_user(const struct tool *tool, char buf[ANSWER_KEY_SIZE],
			const char *given);
/** The same for whoever may be on a list: also group:, domain:, folder: */
const char *answer_principal(const struct tool *tool,
			     char buf[ANSWER_KEY_SIZE], const char *given);
/** "yes" and "no" as SQL spells them; NULL, and said so: something else */
const char *answer_yes_no(const struct tool *tool, const char *opt);

/** A name of 1 to 256 characters without control characters, or says so */
bool answer_name(const struct tool *tool, const char *name);
