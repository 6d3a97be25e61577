/**
 * @file tests/purple/event.c  Events as lines on standard output
 *
 * TIME <tab> EVENT [<tab> FIELD]...
 *
 * TIME is HH:MM:SS.mmm, local.  A field is the plain text that a user would
 * read (no HTML, no entities), in UTF-8, with backslash, tab, line feed and
 * carriage return written \\ \t \n \r and other control characters \xNN.
 */
#include <stdio.h>
#include "tests/purple/client.h"


static void append_char(GString *out, char c)
{
	switch (c) {

	case '\\': g_string_append(out, "\\\\"); break;
	case '\t': g_string_append(out, "\\t");  break;
	case '\n': g_string_append(out, "\\n");  break;
	case '\r': g_string_append(out, "\\r");  break;

	default:
		if ((unsigned char)c < 0x20 || c == 0x7f)
			g_string_append_printf(out, "\\x%02x", c);
		else
			g_string_append_c(out, c);
		break;
	}
}


static void append_field(GString *out, const char *text)
{
	g_string_append_c(out, '\t');

	for (; text && *text; text++)
		append_char(out, *text);
}


static GString *line_begin(const char *name)
{
	GDateTime *now = g_date_time_new_now_local();
	GString *line = g_string_new(NULL);

	g_string_printf(line, "%02d:%02d:%02d.%03d\t%s",
			g_date_time_get_hour(now),
			g_date_time_get_minute(now),
			g_date_time_get_second(now),
			g_date_time_get_microsecond(now) / 1000, name);
	g_date_time_unref(now);

	return line;
}


static void line_end(GString *line)
{
	g_string_append_c(line, '\n');
	fwrite(line->str, 1, line->len, stdout);
	fflush(stdout);
	g_string_free(line, TRUE);
}


void event_print(const char *name, ...)
{
	GString *line = line_begin(name);
	const char *field;
	va_list ap;

	va_start(ap, name);
	while ((field = va_arg(ap, const char *)))
		append_field(line, field);
	va_end(ap);

	line_end(line);
}


void event_printf(const char *name, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = g_strdup_vprintf(fmt, ap);
	va_end(ap);

	event_print(name, text, NULL);
	g_free(text);
}


/* Reads up to max hexadecimal digits; returns how many there were */
static int hex_digits(const char *p, int max, gunichar *valp)
{
	int n;

	*valp = 0;
	for (n = 0; n < max && g_ascii_isxdigit(p[n]); n++)
		*valp = *valp << 4 | (gunichar)g_ascii_xdigit_value(p[n]);

	return n;
}


/* p stands behind "\u" or "\U"; two halves of a surrogate pair become one */
static const char *append_unicode(GString *out, const char *p, int max)
{
	gunichar c, low;

	p += hex_digits(p, max, &c);

	if (c >= 0xd800 && c < 0xdc00 && p[0] == '\\' && p[1] == 'u') {

		p += 2;
		p += hex_digits(p, 4, &low);
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}

	g_string_append_unichar(out, g_unichar_validate(c) ? c : 0xfffd);

	return p;
}


static const char *append_escape(GString *out, const char *p)
{
	switch (*p) {

	case 'n': g_string_append_c(out, '\n'); break;
	case 'r': g_string_append_c(out, '\r'); break;
	case 't': g_string_append_c(out, '\t'); break;
	case 'u': return append_unicode(out, p + 1, 4);
	case 'U': return append_unicode(out, p + 1, 8);
	case '\0':
		return p;
	default:  g_string_append_c(out, *p); break;
	}

	return p + 1;
}


char *event_unescape(const char *text)
{
	GString *out = g_string_new(NULL);

	while (*text) {

		if (*text == '\\')
			text = append_escape(out, text + 1);
		else
			g_string_append_c(out, *text++);
	}

	return g_string_free(out, FALSE);
}
