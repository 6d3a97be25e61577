/**
 * @file tests/db/operator.h  The operator at his desk: pchatctl command lines
 *
 * One store for each test: op_setup() and op_teardown() are its checked
 * fixture.
 */
#pragma once

#include <re.h>
#include <check.h>
#include "deploy/ctl/tool.h"
#include "tests/support/store.h"

void op_setup(void);
void op_teardown(void);
/** The test's store; its folder is for files, too */
struct store *op_store(void);
/** Another one from now on; the caller stops it.  The one before */
struct store *op_use(struct store *st);

/** Run pchatctl with these words; NULL-terminated.  Exit status */
int op_run(const char *word, ...);
/** What the last one printed */
const char *op_out(void);
const char *op_err(void);

/** Import JSON text */
int op_import(const char *json);

/** First column of the first row, as a number or as text ("" if none) */
long long op_number(const char *fmt, ...);

#define op_ok(...)                                                     \
	ck_assert_msg(op_run(__VA_ARGS__, NULL) == TOOL_OK, "%s",      \
		      op_err())
/** Fails and says so */
#define op_fails(text, ...)                                            \
	do {                                                            \
		ck_assert_int_eq(op_run(__VA_ARGS__, NULL),            \
				 TOOL_FAILED);                          \
		ck_assert_msg(strstr(op_err(), (text)), "%s",          \
			      op_err());                               \
	} while (0)
/** Printed by the last one */
#define op_said(text)                                                  \
	ck_assert_msg(strstr(op_out(), (text)), "%s", op_out())
#define op_silent_on(text)                                             \
	ck_assert_msg(!strstr(op_out(), (text)), "%s", op_out())
