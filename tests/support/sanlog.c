/**
 * @file tests/support/sanlog.c  Sanitizers' reports in the logs of a pool
 */
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <re.h>
#include "tests/support/sanlog.h"


static bool is_report(const char *line)
{
	static const char *const markv[] = {
		"ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
		"AddressSanitizer:DEADLYSIGNAL", ": runtime error: ",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(markv); i++) {
		if (strstr(line, markv[i]))
			return true;
	}

	return false;
}


/* From the first report to the end */
static bool show(const char *path)
{
	bool found = false;
	char line[1024];
	FILE *f = fopen(path, "r");

	if (!f)
		return false;

	while (fgets(line, sizeof(line), f)) {
		if (!found && is_report(line)) {
			found = true;
			(void)re_fprintf(stderr, "%s has a report:\n", path);
		}
		if (found)
			(void)fputs(line, stderr);
	}

	(void)fclose(f);

	return found;
}


bool sanlog_show(const char *dir)
{
	bool found = false;
	char pattern[512];
	glob_t g;
	size_t i;

	if (re_snprintf(pattern, sizeof(pattern), "%s/log/*.log", dir) < 0 ||
	    glob(pattern, 0, NULL, &g))
		return false;

	for (i = 0; i < g.gl_pathc; i++)
		found |= show(g.gl_pathv[i]);

	globfree(&g);

	return found;
}
