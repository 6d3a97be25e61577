/**
 * @file channel/xccos/escape.c  Text and attribute values, made safe
 *
 * Runs of bytes that stand for themselves are copied at once; what is in
 * between is replaced.  Whatever goes in, what comes out is well-formed.
 */
#include <string.h>
#include <re.h>
#include "common/utf8.h"
#include "channel/xccos/xccos.h"
#include "channel/xccos/emit.h"

#define FFFD "\xef\xbf\xbd"


/** How a character below 0x40 is written; NULL: as it is */
struct subst {
	const char *attr;
	const char *text;
};

static const struct subst substv[0x40] = {
	['\t'] = { "&#9;",   NULL     },
	['\n'] = { "&#10;",  "\r\n"   },
	['\r'] = { "&#13;",  "&#13;"  },
	['"']  = { "&quot;", NULL     },
	['&']  = { "&amp;",  "&amp;"  },
	['<']  = { "&lt;",   "&lt;"   },
	['>']  = { "&gt;",   "&gt;"   },
};


static inline bool plain(uint8_t c)
{
	return c >= 0x20 && c < 0x80 &&
		c != '"' && c != '&' && c != '<' && c != '>';
}


/** Some byte of v below @p n (at most 0x80), or above 0x7f?  May also say so
 *  of a byte whose lower neighbour is; never the other way round */
static inline uint64_t below(uint64_t v, uint64_t n)
{
	return (v - n * 0x0101010101010101u) & 0x8080808080808080u;
}


/** plain(), eight bytes at once.  Masked are the bits by which < differs from
 *  > and " from & */
static inline bool plain8(const uint8_t *p)
{
	uint64_t v, angle, quote;

	memcpy(&v, p, sizeof(v));

	angle = (v & 0xfdfdfdfdfdfdfdfdu) ^ 0x3c3c3c3c3c3c3c3cu;
	quote = (v & 0xfbfbfbfbfbfbfbfbu) ^ 0x2222222222222222u;

	return !((v & 0x8080808080808080u) | below(v, 0x20) |
		 below(angle, 1) | below(quote, 1));
}


static const uint8_t *skip_plain(const uint8_t *p, const uint8_t *end)
{
	while (end - p >= 8 && plain8(p))
		p += 8;

	while (p < end && plain(*p))
		++p;

	return p;
}


/**
 * What to write for the character at p
 *
 * @param s  Set to the replacement; NULL: the character itself
 *
 * @return Bytes that it replaces
 */
static size_t replace(const char **s, const uint8_t *p, size_t len, bool text)
{
	uint32_t cp;
	size_t n;

	n = utf8_next(&cp, p, len);
	if (!n) {
		*s = FFFD;
		return 1;
	}

	if (!utf8_xml_allowed(cp))
		*s = "";
	else if (cp < 0x40)
		*s = text ? substv[cp].text : substv[cp].attr;
	else
		*s = NULL;

	return n;
}


static int flush(struct mbuf *mb, const uint8_t *run, const uint8_t *p)
{
	return p > run ? xw_put(mb, run, (size_t)(p - run)) : 0;
}


static int escape(struct mbuf *mb, const uint8_t *p, size_t len, bool text)
{
	const uint8_t *run = p, *end = p + len;
	const uint8_t *after_cr = NULL;     /* where the last written is CR */
	int err = 0;

	while ((p = skip_plain(p, end)) < end && !err) {
		const char *s;
		size_t n;

		n = replace(&s, p, (size_t)(end - p), text);

		/* CR LF in the text: the CR is out already, as &#13; */
		if (text && *p == '\n' && p == after_cr)
			s = NULL;

		if (*p == '\r' || (s && !*s && p == after_cr))
			after_cr = p + n;

		if (s) {
			err  = flush(mb, run, p);
			err |= xw_put(mb, s, strlen(s));
			run  = p + n;
		}

		p += n;
	}

	return err ? err : flush(mb, run, p);
}


int xccos_escape(struct mbuf *mb, const char *p, size_t len)
{
	if (!mb || (!p && len))
		return EINVAL;

	return escape(mb, (const uint8_t *)p, len, false);
}


int xw_text(struct mbuf *mb, const char *p, size_t len)
{
	return escape(mb, (const uint8_t *)p, len, true);
}


int xw_uint(struct mbuf *mb, uint64_t value)
{
	uint8_t buf[20], *p = buf + sizeof(buf);

	do {
		*--p = '0' + value % 10;
		value /= 10;
	} while (value);

	return xw_put(mb, p, (size_t)(buf + sizeof(buf) - p));
}


static int attr_open(struct mbuf *mb, const char *name)
{
	int err;

	err  = XW_LIT(mb, " ");
	err |= xw_str(mb, name);
	err |= XW_LIT(mb, "=\"");

	return err;
}


int xw_attr(struct mbuf *mb, const char *name, const char *value)
{
	int err;

	err  = attr_open(mb, name);
	if (value)
		err |= xccos_escape(mb, value, strlen(value));
	err |= XW_LIT(mb, "\"");

	return err;
}


int xw_attr_opt(struct mbuf *mb, const char *name, const char *value)
{
	return str_isset(value) ? xw_attr(mb, name, value) : 0;
}


int xw_attr_uint(struct mbuf *mb, const char *name, uint64_t value)
{
	int err;

	err  = attr_open(mb, name);
	err |= xw_uint(mb, value);
	err |= XW_LIT(mb, "\"");

	return err;
}


int xw_attr_bool(struct mbuf *mb, const char *name, bool value)
{
	return xw_attr(mb, name, value ? "true" : "false");
}


bool xw_user_uri(const char *uri)
{
	return uri && (!strncmp(uri, "sip:", 4) || !strncmp(uri, "ma-grp:", 7));
}
