/**
 * @file tests/fuzz/fuzz.c  What the fuzz targets share
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <re.h>
#include "common/log.h"
#include "tests/fuzz/fuzz.h"

static char folder[128];


void fuzz_fail(const char *what, const char *file, int line)
{
	(void)fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	abort();
}


static void folder_remove(void)
{
	char cmd[sizeof(folder) + 16];

	(void)snprintf(cmd, sizeof(cmd), "rm -rf '%s'", folder);
	(void)!system(cmd);
}


void fuzz_init(void)
{
	static bool done;

	if (done)
		return;

	done = true;
	fuzz_check(!libre_init());
	log_open("fuzz");
	log_level_set(LOG_ERR);
}


uint8_t fuzz_byte(struct fuzz_in *in)
{
	if (!in->l)
		return 0;

	--in->l;
	return *in->p++;
}


static char *block(const uint8_t *p, size_t l, bool text)
{
	char *copy = malloc(l + (text || !l));

	fuzz_check(copy != NULL);
	if (l)
		memcpy(copy, p, l);
	if (text)
		copy[l] = '\0';

	return copy;
}


char *fuzz_block(struct fuzz_in *in, size_t max, size_t *lenp)
{
	const size_t l = in->l < max ? in->l : max;
	char *copy = block(in->p, l, false);

	in->p += l;
	in->l -= l;
	*lenp  = l;

	return copy;
}


char *fuzz_text(struct fuzz_in *in, uint8_t until, size_t *lenp)
{
	const uint8_t *end = in->l ? memchr(in->p, until, in->l) : NULL;
	const size_t l = end ? (size_t)(end - in->p) : in->l;
	char *copy = block(in->p, l, true);

	in->p += l + (end != NULL);
	in->l -= l + (end != NULL);
	*lenp  = l;

	return copy;
}


static void folder_make(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(folder, sizeof(folder), "%s/pchat-fuzz-XXXXXX",
		       tmp ? tmp : "/tmp");
	fuzz_check(mkdtemp(folder) != NULL);
	(void)atexit(folder_remove);
}


const char *fuzz_path(const char *name)
{
	static char path[256];

	if (!folder[0])
		folder_make();

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);

	return path;
}


void fuzz_file(const char *path, const void *p, size_t len)
{
	FILE *f = fopen(path, "wb");

	fuzz_check(f && (!len || fwrite(p, 1, len, f) == len) && !fclose(f));
}


/* ------------------------------------------------------------- libre's loop */

static struct tmr tmr;
static unsigned turns;


static void turn_handler(void *arg)
{
	(void)arg;

	if (turns--)
		tmr_start(&tmr, 0, turn_handler, NULL);
	else
		re_cancel();
}


void fuzz_turns(unsigned n)
{
	turns = n;
	tmr_start(&tmr, 0, turn_handler, NULL);
	(void)re_main(NULL);
	tmr_cancel(&tmr);
}
