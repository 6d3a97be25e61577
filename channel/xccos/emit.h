/**
 * @file channel/xccos/emit.h  The pieces that XCCOS documents are written of
 *
 * For block.c and write.c, and for the one command that needs an element of
 * its own (sib, pref, token, ...).  Each returns 0 or ENOMEM and nothing
 * else, so their results may be or-ed.  No printf here: a posted message is
 * written while its room waits.
 */
#pragma once

#include <string.h>

/** mbuf_write_mem(), inline as long as there is room */
static inline int xw_put(struct mbuf *mb, const void *p, size_t len)
{
	if (!len)
		return 0;

	if (mb->pos + len > mb->size)
		return mbuf_write_mem(mb, p, len);

	memcpy(mb->buf + mb->pos, p, len);

	mb->pos += len;
	if (mb->end < mb->pos)
		mb->end = mb->pos;

	return 0;
}

/** As it is: a string, a string literal */
static inline int xw_str(struct mbuf *mb, const char *s)
{
	return xw_put(mb, s, strlen(s));
}

#define XW_LIT(mb, lit) xw_put((mb), (lit), sizeof(lit) - 1)

int xw_uint(struct mbuf *mb, uint64_t value);

/** name="value" with a blank before it; value is escaped, NULL as empty */
int xw_attr(struct mbuf *mb, const char *name, const char *value);
/** The same, but nothing at all when @p value is NULL or empty */
int xw_attr_opt(struct mbuf *mb, const char *name, const char *value);
int xw_attr_uint(struct mbuf *mb, const char *name, uint64_t value);
int xw_attr_bool(struct mbuf *mb, const char *name, bool value);

/**
 * Text between tags, with the line ends that clients expect
 *
 * A reader of XML turns a literal CR LF into LF, so LF is all that is left of
 * what a client posted.  LF is written as literal CR LF again: readers that
 * follow the rule see LF, and those that do not see the CR LF of protocol.md
 * 4.9.  A CR in the text came in as a reference and leaves as one, &#13;.
 */
int xw_text(struct mbuf *mb, const char *p, size_t len);

/** "sip:..." or "ma-grp:...": what a user block may name */
bool xw_user_uri(const char *uri);

struct xccos_uib;

/** The attributes of a user block; its uri has passed xw_user_uri() */
int xw_uib_attrs(struct mbuf *mb, const struct xccos_uib *uib);
