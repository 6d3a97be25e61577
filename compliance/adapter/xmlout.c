/**
 * @file compliance/adapter/xmlout.c  XML written straight into a file
 *
 * No tree and no printf per character: an archive is written at tens of
 * thousands of events a second.
 */
#include <string.h>
#include <re.h>
#include "common/clock.h"
#include "compliance/outfile.h"
#include "compliance/adapter/xmlout.h"


#define REPLACEMENT "\xef\xbf\xbd"

/* 100 ns from year 1 to 1970 */
static const int64_t TICKS_1970 = 621355968000000000LL;

/* What is written for an ASCII character that cannot stand for itself */
static const char *const escv[128] = {
	[1 ... 8] = REPLACEMENT, [11 ... 12] = REPLACEMENT,
	[14 ... 31] = REPLACEMENT,
	['\t'] = "&#9;", ['\n'] = "&#10;", ['\r'] = "&#13;",
	['"'] = "&quot;", ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;",
};


/*
 * Bytes of the character at p when it may stand in XML, else 0.  The string
 * ends with a NUL, which is no continuation byte.
 */
static size_t legal(const unsigned char *p)
{
	static const uint32_t minv[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const size_t n = *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : 2;
	uint32_t c = *p & (0xffu >> (n + 1));

	if (*p < 0xc2 || *p > 0xf4)
		return 0;

	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}

	if (c < minv[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ||
	    c == 0xfffe || c == 0xffff)
		return 0;

	return n;
}


/* Of a character that is no legal one: an encoded one goes as a whole */
static size_t illegal(const unsigned char *p)
{
	size_t n = 1;

	if (*p == 0xef)
		while (n < 3 && (p[n] & 0xc0) == 0x80)
			n++;

	return n;
}


void xmlout_text(struct outfile *of, const char *text)
{
	const unsigned char *p = (const unsigned char *)text, *run = p;

	while (*p) {

		const size_t n = *p < 128 ? !escv[*p] : legal(p);

		if (n) {
			p += n;
			continue;
		}

		outfile_write(of, run, (size_t)(p - run));
		outfile_puts(of, *p < 128 ? escv[*p] : REPLACEMENT);
		p += *p < 128 ? 1 : illegal(p);
		run = p;
	}

	outfile_write(of, run, (size_t)(p - run));
}


static void attr_open(struct outfile *of, const char *name)
{
	outfile_write(of, " ", 1);
	outfile_puts(of, name);
	outfile_write(of, "=\"", 2);
}


void xmlout_attr(struct outfile *of, const char *name, const char *value)
{
	attr_open(of, name);
	if (value)
		xmlout_text(of, value);
	outfile_write(of, "\"", 1);
}


/* No printf: several for every event */
void xmlout_int(struct outfile *of, const char *name, int64_t value)
{
	uint64_t v = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char buf[24], *p = buf + sizeof(buf);

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);

	if (value < 0)
		*--p = '-';

	attr_open(of, name);
	outfile_write(of, p, (size_t)(buf + sizeof(buf) - p));
	outfile_write(of, "\"", 1);
}


void xmlout_bool(struct outfile *of, const char *name, bool value)
{
	xmlout_attr(of, name, value ? "true" : "false");
}


/* Three forms of one instant, the milliseconds cut, not rounded */
void xmlout_time(struct outfile *of, const char *indent, const char *name,
		 int64_t us)
{
	char ts[CLOCK_TS_SIZE];
	const int64_t ms = us / 1000 - (us % 1000 < 0);

	outfile_puts(of, indent);
	outfile_write(of, "<", 1);
	outfile_puts(of, name);
	xmlout_int(of, "since1970", ms);
	xmlout_attr(of, "string", clock_ts(ts, us));
	xmlout_int(of, "long", us * 10 + TICKS_1970);
	outfile_puts(of, " />\n");
}
