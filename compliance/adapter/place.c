/**
 * @file compliance/adapter/place.c  Output files of a batch, and how they fail
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/clock.h"
#include "compliance/adapter.h"
#include "compliance/outfile.h"
#include "compliance/adapter/place.h"


const char *place_ts(char buf[PLACE_TS_SIZE], int64_t us)
{
	char ts[CLOCK_TS_SIZE], *to = buf;

	(void)clock_ts(ts, us);
	ts[strcspn(ts, ".")] = '\0';

	for (const char *p = ts; *p; p++) {
		if (*p != '-' && *p != ':')
			*to++ = *p;
	}

	*to++ = 'Z';
	*to = '\0';

	return buf;
}


/* Nothing that another system could not have in a file name */
static void harmless(char *str)
{
	for (; *str; str++) {
		if (!isalnum((unsigned char)*str) && !strchr(".-", *str))
			*str = '_';
	}
}


int place_stem(char **stemp, const struct adapter_batch *batch,
	       const char *name)
{
	char from[PLACE_TS_SIZE], to[PLACE_TS_SIZE];
	int err;

	err = re_sdprintf(stemp, "%s-%012llu-%s-%s", name, batch->id,
			  place_ts(from, batch->from_us),
			  place_ts(to, batch->to_us));
	if (!err)
		harmless(*stemp);

	return err;
}


int place_open(struct outfile **ofp, const struct adapter_batch *batch,
	       const char *name, const char *tag, const char *ext)
{
	char *stem = NULL, *path = NULL, *safe = NULL;
	int err;

	if (!str_isset(batch->dir))
		return ENOTDIR;

	err = str_dup(&safe, tag ? tag : "");
	if (err)
		return err;

	harmless(safe);

	err = place_stem(&stem, batch, name);
	if (err)
		goto out;

	err = re_sdprintf(&path, "%s/%s%s%s.%s", batch->dir, stem,
			  tag ? "-" : "", safe, ext);
	if (!err)
		err = outfile_open(ofp, path);

 out:
	mem_deref(safe);
	mem_deref(stem);
	mem_deref(path);

	return err;
}


int place_close(struct outfile *of, const struct adapter_host *host)
{
	const int err = outfile_commit(of);

	if (err || !host || !host->wrote)
		return err;

	return host->wrote(host->arg, outfile_path(of));
}


enum adapter_verdict place_result(int err, const char *what, char *errbuf,
				  size_t errsize)
{
	if (!err)
		return ADAPTER_TAKEN;

	if (err == EBADMSG)
		(void)re_snprintf(errbuf, errsize, "%s: an event is no JSON",
				  what);
	else
		(void)re_snprintf(errbuf, errsize, "%s: %m", what, err);

	return err == EBADMSG ? ADAPTER_REFUSED : ADAPTER_LATER;
}


void place_leave(void *state)
{
	mem_deref(state);
}
