/**
 * @file common/shown.c  Text of others on a terminal and in a log
 */
#include <stdio.h>
#include <string.h>
#include <re.h>
#include "common/shown.h"
#include "common/utf8.h"

enum { SEQ_MAX = 4 };            /* bytes of a character in UTF-8 */

struct stream {
	FILE *to;
	char heldv[SEQ_MAX];     /* of a character that is not all here yet */
	size_t held;
};

/* Controls, writing direction, and what has no width; the joiners within
   words and pictures (U+200C, U+200D) stay */
static const struct range {
	uint32_t first, last;
} hiddenv[] = {
	{ 0x00,    0x08    },
	{ 0x0b,    0x1f    },
	{ 0x7f,    0x9f    },
	{ 0xad,    0xad    },
	{ 0x61c,   0x61c   },
	{ 0x180e,  0x180e  },
	{ 0x200b,  0x200b  },
	{ 0x200e,  0x200f  },
	{ 0x2028,  0x202e  },
	{ 0x2060,  0x206f  },
	{ 0xd800,  0xdfff  },
	{ 0xfeff,  0xfeff  },
	{ 0xfff9,  0xfffb  },
	{ 0xfffe,  0xffff  },
	{ 0xe0000, 0xe0fff },
};


static bool is_hidden(uint32_t cp)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hiddenv); i++) {
		if (cp >= hiddenv[i].first && cp <= hiddenv[i].last)
			return true;
	}

	return false;
}


size_t shown_next(char buf[SHOWN_MAX], size_t *lenp, const char *p,
		  size_t len)
{
	uint32_t cp = (uint8_t)*p;
	size_t n = utf8_next(&cp, (const uint8_t *)p, len);

	if (n && !is_hidden(cp)) {
		memcpy(buf, p, n);
		*lenp = n;
		return n;
	}

	*lenp = (size_t)snprintf(buf, SHOWN_MAX, n > 1 ? "\\u{%04x}" :
				 "\\x%02x", (unsigned)cp);

	return n ? n : 1;
}


char *shown_line(const char *text)
{
	const size_t len = str_len(text);
	char buf[SHOWN_MAX], *str = NULL;
	struct mbuf *mb = mbuf_alloc(len + 1);
	size_t i, n;
	int err = mb ? 0 : ENOMEM;

	for (i = 0; i < len && !err; ) {

		if (text[i] == '\n' || text[i] == '\t') {
			err = mbuf_printf(mb, "\\x%02x", text[i++]);
			continue;
		}

		i += shown_next(buf, &n, text + i, len - i);
		err = mbuf_write_mem(mb, (const uint8_t *)buf, n);
	}

	if (!err) {
		mb->pos = 0;
		(void)mbuf_strdup(mb, &str, mb->end);
	}

	mem_deref(mb);

	return str;
}


/* How many bytes the character begins with that one */
static size_t seq_len(char lead)
{
	const uint8_t c = (uint8_t)lead;

	return c < 0xc2 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 1;
}


/* As much of a text as has whole characters, or all of it */
static size_t put(struct stream *s, const char *p, size_t len, bool all)
{
	char buf[SHOWN_MAX];
	size_t i = 0, n;

	while (i < len) {

		if (!all && seq_len(p[i]) > len - i)
			break;

		i += shown_next(buf, &n, p + i, len - i);
		(void)fwrite(buf, 1, n, s->to);
	}

	return i;
}


static ssize_t stream_write(void *cookie, const char *p, size_t size)
{
	struct stream *s = cookie;
	size_t i = 0, taken;

	while (s->held && i < size) {
		s->heldv[s->held++] = p[i++];
		taken = put(s, s->heldv, s->held, s->held == SEQ_MAX);
		memmove(s->heldv, s->heldv + taken, s->held - taken);
		s->held -= taken;
	}

	i += put(s, p + i, size - i, false);
	if (i < size) {
		s->held = size - i;
		memcpy(s->heldv, p + i, s->held);
	}

	return ferror(s->to) ? 0 : (ssize_t)size;
}


static int stream_close(void *cookie)
{
	struct stream *s = cookie;
	int err;

	(void)put(s, s->heldv, s->held, true);
	err = fflush(s->to) || ferror(s->to) ? EOF : 0;
	mem_deref(s);

	return err;
}


FILE *shown_stream(FILE *to)
{
	const cookie_io_functions_t io = {
		.write = stream_write, .close = stream_close,
	};
	struct stream *s = mem_zalloc(sizeof(*s), NULL);
	FILE *f;

	if (!s)
		return NULL;

	s->to = to;
	f = fopencookie(s, "w", io);
	if (f)
		(void)setvbuf(f, NULL, _IOLBF, 0);
	else
		mem_deref(s);

	return f;
}
