/**
 * @file tests/db/operator.c  The operator at his desk
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libpq-fe.h>
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


/* In place; @return how many words there are now */
static int split(char **argv, int argc, char *p)
{
	while (argc < WORDS_MAX) {
		p += strspn(p, " ");
		if (!*p)
			break;

		argv[argc++] = p + (*p == '\'');
		p = *p == '\'' ? strchr(p + 1, '\'') : strchrnul(p, ' ');
		if (!p || !*p)
			break;
		*p++ = '\0';
	}

	return argc;
}


int op_run(const char *fmt, ...)
{
	char *argv[WORDS_MAX + 1] = { "pchatctl", "--store",
				      (char *)store_conninfo(st), "--as",
				      "operator" };
	char *line;
	FILE *o, *e;
	va_list ap;
	size_t n;
	int status, argc;

	va_start(ap, fmt);
	ck_assert_int_ge(vasprintf(&line, fmt, ap), 0);
	va_end(ap);

	argc = split(argv, 5, line);
	argv[argc] = NULL;

	free(out);
	free(errs);
	o = open_memstream(&out, &n);
	e = open_memstream(&errs, &n);
	status = tool_main(argc, argv, o, e);
	(void)fclose(o);
	(void)fclose(e);
	free(line);

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

	status = op_run("import %s", file);
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


const char *op_text(const char *sql)
{
	static char text[1024];
	PGconn *pg = PQconnectdb(store_conninfo(st));
	PGresult *res = PQexec(pg, sql);

	ck_assert_msg(PQresultStatus(res) == PGRES_TUPLES_OK, "%s: %s", sql,
		      PQerrorMessage(pg));
	(void)snprintf(text, sizeof(text), "%s", PQntuples(res) ?
		       PQgetvalue(res, 0, 0) : "");
	PQclear(res);
	PQfinish(pg);

	return text;
}
