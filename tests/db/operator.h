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

/**
 * Run pchatctl with this line, as a user would type it
 *
 * @param fmt  As printf().  Blanks divide words; '...' around a word keeps its
 *             blanks
 *
 * @return exit status
 */
int op_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** What the last one printed */
const char *op_out(void);
const char *op_err(void);

/** Import JSON text */
int op_import(const char *json);

/** First column of the first row, as a number or as text ("" if none), which
 *  is valid until the next call */
long long op_number(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
const char *op_text(const char *sql);

/** Fails the test unless it did its work without a word of error */
#define op_ok(...)                                                      \
	do {                                                            \
		const int op_status = op_run(__VA_ARGS__);              \
		ck_assert_msg(op_status == TOOL_OK && !*op_err(),       \
			      "%d: %s", op_status, op_err());           \
	} while (0)
/** Fails the test unless it was refused with this text */
#define op_fails(text, ...)                                             \
	do {                                                            \
		ck_assert_int_eq(op_run(__VA_ARGS__), TOOL_FAILED);     \
		op_complained(text);                                    \
	} while (0)
/** The same: it was not called as it should be */
#define op_misused(text, ...)                                           \
	do {                                                            \
		ck_assert_int_eq(op_run(__VA_ARGS__), TOOL_USAGE);      \
		op_complained(text);                                    \
	} while (0)
#define op_complained(text)                                             \
	ck_assert_msg(strstr(op_err(), (text)), "%s", op_err())
/** Printed by the last one */
#define op_said(text)                                                   \
	ck_assert_msg(strstr(op_out(), (text)), "%s", op_out())
#define op_silent_on(text)                                              \
	ck_assert_msg(!strstr(op_out(), (text)), "%s", op_out())
