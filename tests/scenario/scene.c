/**
 * @file tests/scenario/scene.c  What the scenarios share
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "tests/scenario/scene.h"


unsigned ask(struct client *c, struct xd **xp, const char *verb,
	     const char *data_fmt, ...)
{
	struct xd *x = NULL;
	char *text = NULL;
	unsigned code = 0;
	va_list ap;

	va_start(ap, data_fmt);
	(void)re_vsdprintf(&text, data_fmt, ap);
	va_end(ap);

	if (!chat_ask(c, verb, &x, "%s", text))
		code = (unsigned)xd_num(x, "/xccos/rpl/resp/@code");
	mem_deref(text);
	if (xp)
		*xp = x;
	else
		mem_deref(x);

	return code;
}


void scene_import(struct pool *pool, const char *json)
{
	const char *build = getenv("PCHAT_BUILD");
	char path[512], *line;
	FILE *f;

	(void)re_snprintf(path, sizeof(path), "%s/change.json",
			  pool_dir(pool));
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(json, f), 0);
	ck_assert_int_eq(fclose(f), 0);

	ck_assert_int_eq(re_sdprintf(&line, "%s/pchatctl --store '%s' import "
				     "%s >/dev/null", build ? build : "build",
				     pool_store(pool), path), 0);
	ck_assert_int_eq(system(line), 0);
	mem_deref(line);
}
