/**
 * @file tests/db/ctl.c  pchatctl's command lines, as a user would type them
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/db/ctl.h"


enum { WORDS_MAX = 64 };

static struct store *st;
static char *out, *errs;


void ctl_setup(void)
{
	ck_assert_int_eq(store_start(&st), 0);
}


void ctl_teardown(void)
{
	free(out);
	free(errs);
	out = errs = NULL;
	store_stop(st);
	st = NULL;
}


struct store *ctl_store(void)
{
	return st;
}


struct store *ctl_use(struct store *other)
{
	struct store *was = st;

	st = other;

	return was;
}


const char *ctl_out(void)
{
	return out;
}


const char *ctl_err(void)
{
	return errs;
}


int ctl_run(const char *word, ...)
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


int ctl_import(const char *json)
{
	char file[128];
	FILE *f;
	int status;

	(void)snprintf(file, sizeof(file), "%s/data.json", store_dir(st));
	f = fopen(file, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(json, f), 0);
	ck_assert_int_eq(fclose(f), 0);

	status = ctl_run("import", file, NULL);
	(void)unlink(file);

	return status;
}


long long ctl_number(const char *fmt, ...)
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
