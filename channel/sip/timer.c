/**
 * @file channel/sip/timer.c  Session timers (RFC 4028)
 *
 * The client is always the refresher: SIPE answers 501 to an UPDATE and takes
 * an INVITE in a dialog for something else (clients.md 9.5), so that every 200
 * says refresher=uac, also to those who do not offer timers: SIPE refreshes
 * all the same, and must be told the interval.
 */
#include <string.h>
#include <re.h>
#include "channel/sip/core.h"


/* Seconds of a field: 0 where there is none; false: not a number */
static bool seconds(const struct view *v, const char *name, char abbr,
		    uint32_t *s)
{
	uint64_t n = 0;
	struct pl val;
	size_t i;

	*s = 0;
	if (!view_hdr(v, name, abbr, &val))
		return true;

	for (i = 0; i < val.l && val.p[i] >= '0' && val.p[i] <= '9'; i++)
		n = MIN(n * 10 + (uint64_t)(val.p[i] - '0'), UINT32_MAX);

	*s = (uint32_t)n;
	return i > 0 && (i == val.l || strchr("; \t\r\n", val.p[i]));
}


bool timer_known(const struct view *v)
{
	return view_has(v, "Supported", 'k', "timer");
}


/* Our own setting may be below the usual minimum: a lab's */
static uint32_t least(const struct uas *uas)
{
	return MIN((uint32_t)SESSION_MIN_S, uas->conf.session_expires_s);
}


bool timer_refuse(struct uas *uas, struct conn *conn, const struct view *v)
{
	uint32_t theirs, min;
	char extra[32];

	if (!seconds(v, "Session-Expires", 'x', &theirs) ||
	    !seconds(v, "Min-SE", 0, &min)) {
		st_answer(uas, conn, v, 400, "Bad Session-Expires or Min-SE",
			  diag_text("Bad Session-Expires or Min-SE"));
		return true;
	}

	if (!theirs || theirs >= least(uas) || !timer_known(v))
		return false;

	++sip_stats.sessions_short;
	(void)re_snprintf(extra, sizeof(extra), "Min-SE: %u\r\n", least(uas));
	st_answer(uas, conn, v, 422, "Session Interval Too Small", extra);
	return true;
}


/* The smaller of theirs and ours, but not below what either allows.  Who does
   not know timers did not ask for theirs: a proxy did, and 422 is not for it */
uint32_t timer_negotiate(const struct uas *uas, const struct view *v)
{
	uint32_t theirs, min, s = uas->conf.session_expires_s;

	(void)seconds(v, "Session-Expires", 'x', &theirs);
	(void)seconds(v, "Min-SE", 0, &min);
	if (theirs)
		s = MIN(s, MAX(theirs, least(uas)));

	return MAX(s, MIN(min, (uint32_t)SESSION_MAX_S));
}
