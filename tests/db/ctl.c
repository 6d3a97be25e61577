/**
 * @file tests/db/ctl.c  pchatctl in a test
 */
#include <re.h>
#include <stdlib.h>
#include <string.h>
#include "deploy/ctl/tool.h"
#include "tests/db/ctl.h"
#include "tests/support/store.h"

enum { WORDS_MAX = 40 };

static char *out, *errs;


/* In place; @return how many words there are now */
static int split(char **argv, int argc, char *p)
{
	for (;;) {
		p += strspn(p, " ");
		if (!*p || argc >= WORDS_MAX)
			return argc;

		argv[argc++] = p + (*p == '\'');
		p = *p == '\'' ? strchr(p + 1, '\'') : strchrnul(p, ' ');
		if (!p || !*p)
			return argc;
		*p++ = '\0';
	}
}


int ctl_run(const struct store *st, const char *line)
{
	char *argv[WORDS_MAX + 1] = { "pchatctl", "--store" }, *copy;
	FILE *o, *e;
	size_t n;
	int status, argc;

	argv[2] = (char *)store_conninfo(st);
	copy = strdup(line);
	argc = split(argv, 3, copy);
	argv[argc] = NULL;

	free(out);
	free(errs);
	o = open_memstream(&out, &n);
	e = open_memstream(&errs, &n);
	status = tool_main(argc, argv, o, e);
	(void)fclose(o);
	(void)fclose(e);
	free(copy);

	return status;
}


const char *ctl_out(void)
{
	return out;
}


const char *ctl_err(void)
{
	return errs;
}
