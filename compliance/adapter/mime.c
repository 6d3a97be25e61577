/**
 * @file compliance/adapter/mime.c  Mail written straight into a file
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <re.h>
#include "compliance/outfile.h"
#include "compliance/adapter/mime.h"


enum {
	LINE_MAX_C = 76,
	MARK_COST = 8,             /* of a line break with its mark     */
	WORD_BYTES = 30,           /* of an encoded word, before base64 */
	NAME_PLAIN = 60,           /* a longer name goes in pieces      */
	FILE_LINE = 57,            /* bytes of a line of base64         */
	NAME_PIECE = 18,           /* of a file's name in a line, before
				      each became three characters      */
};


static bool is_plain(const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p < ' ' || *p > '~')
			return false;
	}

	return !strstr(text, "=?");
}


/* At most WORD_BYTES and no character cut in two */
static size_t word_len(const char *p)
{
	size_t n = strnlen(p, WORD_BYTES);

	if (!p[n])
		return n;

	while (n > 1 && ((unsigned char)p[n] & 0xc0) == 0x80)
		n--;

	return n;
}


static void encoded_words(struct outfile *of, const char *text)
{
	while (*text) {

		const size_t n = word_len(text);
		char buf[WORD_BYTES * 2];
		size_t len = sizeof(buf);

		if (base64_encode((const uint8_t *)text, n, buf, &len))
			return;

		outfile_puts(of, "=?UTF-8?B?");
		outfile_write(of, buf, len);
		outfile_puts(of, "?=");

		text += n;
		if (*text)
			outfile_puts(of, "\r\n ");
	}
}


/* Folded at blanks */
static void plain_text(struct outfile *of, const char *text, size_t col)
{
	while (*text) {

		const size_t n = strcspn(text + 1, " ") + 1;

		if (*text == ' ' && text[1] && text[1] != ' ' &&
		    col + n > LINE_MAX_C) {
			outfile_puts(of, "\r\n");
			col = 0;
		}

		outfile_write(of, text, n);
		col  += n;
		text += n;
	}
}


void mime_header(struct outfile *of, const char *name, const char *value)
{
	outfile_puts(of, name);
	outfile_puts(of, ": ");

	if (is_plain(value))
		plain_text(of, value, strlen(name) + 2);
	else
		encoded_words(of, value);

	outfile_puts(of, "\r\n");
}


/* Not strftime(): names do not depend on a locale */
void mime_date(struct outfile *of, const char *name, int64_t us)
{
	static const char *const dayv[] = {
		"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"
	};
	static const char *const monthv[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun",
		"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
	};
	const time_t t = (time_t)(us / 1000000);
	struct tm tm;

	if (!gmtime_r(&t, &tm))
		return;

	outfile_printf(of, "%s: %s, %02d %s %d %02d:%02d:%02d +0000\r\n",
		       name, dayv[tm.tm_wday], tm.tm_mday, monthv[tm.tm_mon],
		       tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}


bool mime_addr_ok(const char *addr)
{
	const char *at = addr ? strrchr(addr, '@') : NULL;

	if (!at || at == addr || !at[1])
		return false;

	for (const char *p = addr; *p; p++) {
		if (*p <= ' ' || *p > '~' || strchr("<>()[]\\,;:\"", *p) ||
		    (*p == '@' && p != at))
			return false;
	}

	return true;
}


void mime_address(struct outfile *of, const char *display, const char *addr)
{
	if (!str_isset(display)) {
		outfile_printf(of, "<%s>", addr);
		return;
	}

	if (is_plain(display)) {
		outfile_puts(of, "\"");
		for (; *display; display++) {
			if (strchr("\"\\", *display))
				outfile_puts(of, "\\");
			outfile_write(of, display, 1);
		}
		outfile_puts(of, "\"");
	}
	else {
		encoded_words(of, display);
	}

	outfile_printf(of, " <%s>", addr);
}


static bool is_attr_char(char c)
{
	return isalnum((unsigned char)c) || strchr("._-", c);
}


/* RFC 2231: pieces of a line each, every byte beyond the plain as %XX */
static void filename_pieces(struct outfile *of, const char *name)
{
	for (unsigned nr = 0; *name; nr++) {

		size_t n = 0;

		outfile_printf(of, ";\r\n filename*%u*=%s", nr,
			       nr ? "" : "UTF-8''");

		for (; *name && n < NAME_PIECE; name++, n++) {
			if (is_attr_char(*name))
				outfile_write(of, name, 1);
			else
				outfile_printf(of, "%%%02X",
					       (unsigned char)*name);
		}
	}
}


void mime_filename(struct outfile *of, const char *name)
{
	size_t n = 0;

	while (is_attr_char(name[n]) && name[n])
		++n;

	if (name[n] || n > NAME_PLAIN)
		filename_pieces(of, name);
	else
		outfile_printf(of, ";\r\n filename=\"%s\"", name);
}


static void qp_put(struct mime_qp *qp, const char *p, unsigned n)
{
	if (qp->col + n >= LINE_MAX_C) {
		outfile_puts(qp->of, "=\r\n");
		qp->col = 0;
	}

	outfile_write(qp->of, p, n);
	qp->col += n;
}


static bool qp_literal(unsigned char c)
{
	return c > ' ' && c <= '~' && c != '=';
}


/* A blank before the end of a line, or before we know, is encoded */
void mime_qp_write(struct mime_qp *qp, const char *p, size_t n)
{
	static const char hexv[] = "0123456789ABCDEF";

	for (size_t i = 0; i < n; i++) {

		const unsigned char c = (unsigned char)p[i];
		const char code[] = { '=', hexv[c >> 4], hexv[c & 15] };

		if (c == '\n') {
			outfile_puts(qp->of, "\r\n");
			qp->col = 0;
		}
		else if (qp_literal(c) ||
			 (c == ' ' && i + 1 < n && p[i+1] != '\n')) {
			qp_put(qp, p + i, 1);
		}
		else {
			qp_put(qp, code, 3);
		}
	}
}


static const char *entity(char c)
{
	switch (c) {

	case '<': return "&lt;";
	case '>': return "&gt;";
	case '&': return "&amp;";
	case '"': return "&quot;";
	default:  return NULL;
	}
}


void mime_qp_html(struct mime_qp *qp, const char *text, size_t n)
{
	const char *end = text + n;

	while (text < end) {

		const size_t len = min(strcspn(text, "<>&\""),
				       (size_t)(end - text));

		mime_qp_write(qp, text, len);
		text += len;
		if (text == end)
			return;

		mime_qp_write(qp, entity(*text), strlen(entity(*text)));
		++text;
	}
}


/* Every line of 75 may need three characters more for its end; a line break
   has a mark behind it */
size_t mime_qp_cost(const char *text)
{
	size_t cost = 0;

	for (; text && *text; text++) {
		const bool literal = qp_literal((unsigned char)*text);

		cost += literal ? 2 : 6;
		if (literal && entity(*text))
			cost += 6;
		if (!literal && *text != ' ' &&
		    strchr("\n\r\v\f\x85\xa8\xa9", *text))
			cost += 2 * MARK_COST;
	}

	return cost + cost / 20;
}


static void base64_line(struct outfile *of, const uint8_t *p, size_t n)
{
	char buf[80];
	size_t len = sizeof(buf);

	if (!base64_encode(p, n, buf, &len)) {
		outfile_write(of, buf, len);
		outfile_puts(of, "\r\n");
	}
}


int mime_base64_file(struct outfile *of, const char *path)
{
	uint8_t buf[FILE_LINE];
	FILE *f = fopen(path, "re");
	size_t n;
	int err = 0;

	if (!f)
		return errno;

	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		base64_line(of, buf, n);

	if (ferror(f))
		err = EIO;
	(void)fclose(f);

	return err;
}
