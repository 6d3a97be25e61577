/**
 * @file tests/scenario/tool.c  The operator's command on a pool
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include "tests/scenario/scene.h"
#include "tests/scenario/tool.h"


int tool_run(const struct pool *pool, const char *fmt, ...)
{
	const char *build = getenv("PCHAT_BUILD");
	char args[1024], line[2048];
	va_list ap;
	int status;

	va_start(ap, fmt);
	(void)vsnprintf(args, sizeof(args), fmt, ap);
	va_end(ap);

	(void)snprintf(line, sizeof(line), "%s/pchatctl --store '%s' %s "
		       ">/dev/null 2>&1", build ? build : "build",
		       pool_store(pool), args);
	status = system(line);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
