/**
 * @file common/clock.c  Time of day that tests can set
 *
 * The wall clock is for time stamps only; what waits or expires goes by the
 * timer wheel's monotonic clock.
 */
#include <time.h>
#include <re.h>
#include "common/clock.h"


enum {
	US_PER_S = 1000000,
	TICKS_PER_US = 10,         /* the seventh digit is 100 ns */
	DATE_LEN = 19,             /* "2013-05-14T14:26:17"       */
	FRACTION_MAX = 7,
};

/* Years 1 to 9999: what four digits can say */
static const int64_t S_FIRST = -62135596800LL;
static const int64_t S_LAST  = 253402300799LL;

static int64_t frozen_us;


int64_t clock_us(void)
{
	struct timespec ts;

	if (frozen_us)
		return frozen_us;

	(void)clock_gettime(CLOCK_REALTIME, &ts);

	return (int64_t)ts.tv_sec * US_PER_S + ts.tv_nsec / 1000;
}


void clock_set(int64_t us)
{
	frozen_us = us;
}


/* @p width decimal digits, most significant first */
static char *put_digits(char *p, uint32_t v, unsigned width)
{
	unsigned i;

	for (i = width; i > 0; i--) {
		p[i-1] = (char)('0' + v % 10);
		v /= 10;
	}

	return p + width;
}


/* Called for every message that goes out: no printf */
static void print_fields(char *p, const struct tm *tm, uint32_t ticks)
{
	p = put_digits(p, (uint32_t)tm->tm_year + 1900, 4);
	*p++ = '-';
	p = put_digits(p, (uint32_t)tm->tm_mon + 1, 2);
	*p++ = '-';
	p = put_digits(p, (uint32_t)tm->tm_mday, 2);
	*p++ = 'T';
	p = put_digits(p, (uint32_t)tm->tm_hour, 2);
	*p++ = ':';
	p = put_digits(p, (uint32_t)tm->tm_min, 2);
	*p++ = ':';
	p = put_digits(p, (uint32_t)tm->tm_sec, 2);
	*p++ = '.';
	p = put_digits(p, ticks, 7);
	*p++ = 'Z';
	*p = '\0';
}


const char *clock_ts(char buf[CLOCK_TS_SIZE], int64_t us)
{
	int64_t s = us / US_PER_S, rest = us % US_PER_S;
	struct tm tm;
	time_t t;

	if (rest < 0) {
		rest += US_PER_S;
		--s;
	}

	if (s < S_FIRST) {
		s = S_FIRST;
		rest = 0;
	}
	else if (s > S_LAST) {
		s = S_LAST;
		rest = US_PER_S - 1;
	}

	t = (time_t)s;
	(void)gmtime_r(&t, &tm);
	print_fields(buf, &tm, (uint32_t)rest * TICKS_PER_US);

	return buf;
}


/* A number of @p width digits, followed by @p sep unless that is NUL */
static bool get_digits(int *vp, const char **pp, unsigned width, char sep)
{
	const char *p = *pp;
	int v = 0;

	while (width--) {
		if (*p < '0' || *p > '9')
			return false;
		v = v * 10 + (*p++ - '0');
	}

	if (sep && *p++ != sep)
		return false;

	*vp = v;
	*pp = p;

	return true;
}


static bool decode_date(int64_t *sp, const char *p)
{
	struct tm tm = {0}, norm;
	time_t t;

	if (!get_digits(&tm.tm_year, &p, 4, '-') ||
	    !get_digits(&tm.tm_mon,  &p, 2, '-') ||
	    !get_digits(&tm.tm_mday, &p, 2, 'T') ||
	    !get_digits(&tm.tm_hour, &p, 2, ':') ||
	    !get_digits(&tm.tm_min,  &p, 2, ':') ||
	    !get_digits(&tm.tm_sec,  &p, 2, 0))
		return false;

	if (tm.tm_year < 1)
		return false;

	tm.tm_year -= 1900;
	tm.tm_mon  -= 1;
	norm = tm;
	t = timegm(&norm);

	/* timegm() turns 31 April into 1 May: that is no date for us */
	if (norm.tm_mon != tm.tm_mon || norm.tm_mday != tm.tm_mday ||
	    norm.tm_hour != tm.tm_hour || norm.tm_min != tm.tm_min ||
	    norm.tm_sec != tm.tm_sec)
		return false;

	*sp = (int64_t)t;

	return true;
}


/* ".6206350" or nothing; what is finer than a microsecond is cut off */
static bool decode_fraction(int64_t *usp, struct pl *rest)
{
	int64_t us = 0, unit = US_PER_S / 10;
	size_t n = 0;

	*usp = 0;
	if (!rest->l || *rest->p != '.')
		return true;

	pl_advance(rest, 1);

	while (rest->l && *rest->p >= '0' && *rest->p <= '9') {
		us += (*rest->p - '0') * unit;
		unit /= 10;
		pl_advance(rest, 1);
		++n;
	}

	*usp = us;

	return n <= FRACTION_MAX;
}


int clock_ts_decode(int64_t *usp, const struct pl *pl)
{
	struct pl rest;
	int64_t s, us;

	if (!usp || !pl)
		return EINVAL;

	if (!pl->p || pl->l < DATE_LEN || !decode_date(&s, pl->p))
		return EBADMSG;

	rest = *pl;
	pl_advance(&rest, DATE_LEN);

	if (!decode_fraction(&us, &rest))
		return EBADMSG;

	if (rest.l == 1 && *rest.p == 'Z')
		pl_advance(&rest, 1);

	if (rest.l)
		return EBADMSG;

	*usp = s * US_PER_S + us;

	return 0;
}
