/**
 * @file tests/db/operator.c  The operator at his desk
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/db/operator.h"


enum { WORDS_MAX = 64 };

static struct store *st;
static char *out, *errs;


void op_setup(void)
{
	ck_assert_int_eq(store_start(&st), 0);
}


void op_teardown(void)
{
	free(out);
	free(errs);
	out = errs = NULL;
	store_stop(st);
	st = NULL;
}


struct store *op_store(void)
{
	return st;
}


struct store *op_use(struct store *other)
{
	struct store *was = st;

	st = other;

	return was;
}


const char *op_out(void)
{
	return out;
}


const char *op_err(void)
{
	return errs;
}


int op_run(const char *word, ...)
{
	const char *argv[WORDS_MAX] = { "pchatctl", "--store",
					store_conninfo(st), "--as",
					"operator" };
	int argc = 5, status;
	va_list ap;
	size_t n;
	FILE *o, *e;

	va_start(ap, word);
	for (; word && argc + 1 < WORDS_MAX; word = va_arg(ap, const char *))
		argv[argc++] = word;
	va_end(ap);

	free(out);
	free(errs);
	o = open_memstream(&out, &n);
	e = open_memstream(&errs, &n);
	status = tool_main(argc, (char **)argv, o, e);
	(void)fclose(o);
	(void)fclose(e);

	return status;
}


int op_import(const char *json)
{
	char file[128];
	FILE *f;
	int status;

	(void)snprintf(file, sizeof(file), "%s/data.json", store_dir(st));
	f = fopen(file, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(json, f), 0);
	ck_assert_int_eq(fclose(f), 0);

	status = op_run("import", file, NULL);
	(void)unlink(file);

	return status;
}


long long op_number(const char *fmt, ...)
{
	char *sql;
	long long n;
	va_list ap;

	va_start(ap, fmt);
	ck_assert_int_ge(vasprintf(&sql, fmt, ap), 0);
	va_end(ap);

	n = store_number(st, sql);
	free(sql);

	return n;
}
