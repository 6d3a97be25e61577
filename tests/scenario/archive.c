/**
 * @file tests/scenario/archive.c  What the archives' scenarios share
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "tests/scenario/archive.h"
#include "tests/scenario/scene.h"


static int run(const char *line)
{
	const int status = system(line);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}


int archive_sh(const char *fmt, ...)
{
	char *line = NULL;
	va_list ap;
	int status;

	va_start(ap, fmt);
	ck_assert_int_eq(re_vsdprintf(&line, fmt, ap), 0);
	va_end(ap);

	status = run(line);
	mem_deref(line);

	return status;
}


int archive_ctl(const struct pool *pool, const char *fmt, ...)
{
	const char *build = getenv("PCHAT_BUILD");
	char *args = NULL;
	va_list ap;
	int status;

	va_start(ap, fmt);
	ck_assert_int_eq(re_vsdprintf(&args, fmt, ap), 0);
	va_end(ap);

	status = archive_sh("PCHAT_STORE='%s' PCHAT_COMPLIANCE='%s' "
			    "%s/pchatctl %s >&2", pool_store(pool),
			    pool_compliance_store(pool),
			    build ? build : "build", args);
	mem_deref(args);

	return status;
}


void archive_adapter(const char *dir, const char *place, const char *type,
		     const char *more)
{
	char path[128];
	FILE *f;

	(void)re_snprintf(path, sizeof(path), "%s/%s", place, type);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	(void)re_snprintf(path, sizeof(path), "%s/%s.conf", dir, type);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	(void)fprintf(f, "adapter.name\t%s\nadapter.type\t%s\n"
		      "adapter.directory\t%s/%s\nadapter.retry_max_s\t1\n%s",
		      type, type, place, type, more);
	(void)fclose(f);
}
