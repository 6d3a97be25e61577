/**
 * @file common/utf8.c  Strict UTF-8 and the characters of XML 1.0
 *
 * libxml2 2.9 lets overlong sequences through, and the database refuses them:
 * one such message would fail the whole batch that it is written with.  So
 * bodies are checked before the parser sees them.
 */
#include <string.h>
#include <re.h>
#include "common/utf8.h"


static size_t seq_len(uint8_t lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2)
		return 0;
	if (lead < 0xe0)
		return 2;
	if (lead < 0xf0)
		return 3;

	return lead < 0xf5 ? 4 : 0;
}


size_t utf8_next(uint32_t *cp, const uint8_t *p, size_t len)
{
	static const uint32_t minv[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const size_t n = seq_len(p[0]);
	uint32_t v;
	size_t i;

	if (!n || n > len)
		return 0;

	v = n == 1 ? p[0] : p[0] & (0x7fu >> n);

	for (i = 1; i < n; i++) {

		if ((p[i] & 0xc0) != 0x80)
			return 0;

		v = v << 6 | (p[i] & 0x3f);
	}

	if (v < minv[n] || v > 0x10ffff)
		return 0;

	*cp = v;

	return n;
}


bool utf8_xml_allowed(uint32_t cp)
{
	if (cp < 0x20)
		return cp == '\t' || cp == '\n' || cp == '\r';

	return cp < 0xd800 || (cp > 0xdfff && cp != 0xfffe && cp != 0xffff);
}


/** Eight bytes from 0x20 to 0x7f?  The lowest byte below 0x20 has nothing to
 *  borrow from it, so its high bit is always set by the subtraction */
static bool plain8(const uint8_t *p)
{
	const uint64_t high = 0x8080808080808080u;
	uint64_t v;

	memcpy(&v, p, sizeof(v));

	return !((v | (v - 0x2020202020202020u)) & high);
}


bool utf8_xml_valid(const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;

	while (p < end) {
		uint32_t cp;
		size_t n;

		if (end - p >= 8 && plain8(p)) {
			p += 8;
			continue;
		}

		n = utf8_next(&cp, p, (size_t)(end - p));
		if (!n || !utf8_xml_allowed(cp))
			return false;

		p += n;
	}

	return true;
}


size_t utf8_countn(const char *s, size_t len)
{
	size_t i, n = 0;

	for (i = 0; s && i < len; i++)
		n += ((uint8_t)s[i] & 0xc0) != 0x80;

	return n;
}


size_t utf8_count(const char *s)
{
	return utf8_countn(s, s ? strlen(s) : 0);
}
