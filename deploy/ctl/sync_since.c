/**
 * @file deploy/ctl/sync_since.c  What of a directory has changed
 *
 * By its count of changes where there is one (Active Directory), else by time
 * stamps.  A cookie is "usn:NUMBER:SERVER" or "ts:STAMP".
 */
#include <re.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "deploy/ctl/sync.h"
#include "deploy/ctl/sync_dir.h"

enum { OVERLAP_S = 60 };      /* changes of other servers that come late */


/* A moment before a time stamp, as one */
static void stamp_back(char out[SYNC_STAMP_SIZE], const char *stamp)
{
	struct tm tm;
	time_t t;

	memset(&tm, 0, sizeof(tm));
	if (!strptime(stamp, "%Y%m%d%H%M%S", &tm)) {
		out[0] = '\0';
		return;
	}

	t = timegm(&tm) - OVERLAP_S;
	(void)gmtime_r(&t, &tm);
	(void)strftime(out, SYNC_STAMP_SIZE, "%Y%m%d%H%M%SZ", &tm);
}


/* Numbers of changes are a server's own */
static void since_usn(struct sync *sync, const char *stored, const char *usn)
{
	const char *server = strchr(usn + 4, ':');

	if (!strncmp(stored, "usn:", 4) && strchr(stored + 4, ':') &&
	    !strcmp(strchr(stored + 4, ':'), server))
		(void)re_snprintf(sync->since, sizeof(sync->since),
				  "(uSNChanged>=%llu)",
				  strtoull(stored + 4, NULL, 10) + 1);
}


void sync_since(struct sync *sync, const char *stored)
{
	char *usn = dir_usn(sync->dir);

	sync->since[0] = '\0';
	if (usn)
		str_ncpy(sync->cookie, usn, sizeof(sync->cookie));
	if (usn && stored)
		since_usn(sync, stored, usn);
	else if (stored && !strncmp(stored, "ts:", 3))
		(void)re_snprintf(sync->since, sizeof(sync->since),
				  "(modifyTimestamp>=%s)", stored + 3);
	mem_deref(usn);
}


void sync_cookie(struct sync *sync, const char *stamp)
{
	char back[SYNC_STAMP_SIZE];

	if (sync->cookie[0])
		return;

	stamp_back(back, stamp);
	if (back[0])
		(void)re_snprintf(sync->cookie, sizeof(sync->cookie), "ts:%s",
				  back);
}
