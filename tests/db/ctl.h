/**
 * @file tests/db/ctl.h  pchatctl's command lines, as a user would type them
 *
 * One store for each test: ctl_setup() and ctl_teardown() are its checked
 * fixture.
 */
#pragma once

#include <re.h>
#include <check.h>
#include "deploy/ctl/tool.h"
#include "tests/support/store.h"

void ctl_setup(void);
void ctl_teardown(void);
/** The test's store; its folder is for files, too */
struct store *ctl_store(void);
/** Another one from now on; the caller stops it.  The one before */
struct store *ctl_use(struct store *st);

/** Run pchatctl with these words; NULL-terminated.  Exit status */
int ctl_run(const char *word, ...);
/** What the last one printed */
const char *ctl_out(void);
const char *ctl_err(void);

/** Import JSON text */
int ctl_import(const char *json);

/** First column of the first row, as a number or as text ("" if none) */
long long ctl_number(const char *fmt, ...);

#define ctl_ok(...)                                                     \
	ck_assert_msg(ctl_run(__VA_ARGS__, NULL) == TOOL_OK, "%s",      \
		      ctl_err())
/** Fails and says so */
#define ctl_fails(text, ...)                                            \
	do {                                                            \
		ck_assert_int_eq(ctl_run(__VA_ARGS__, NULL),            \
				 TOOL_FAILED);                          \
		ck_assert_msg(strstr(ctl_err(), (text)), "%s",          \
			      ctl_err());                               \
	} while (0)
/** Printed by the last one */
#define ctl_said(text)                                                  \
	ck_assert_msg(strstr(ctl_out(), (text)), "%s", ctl_out())
#define ctl_silent_on(text)                                             \
	ck_assert_msg(!strstr(ctl_out(), (text)), "%s", ctl_out())
