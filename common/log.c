/**
 * @file common/log.c  Log lines: one write each, never longer than a buffer
 */
#include <string.h>
#include <unistd.h>
#include <re.h>
#include "common/clock.h"
#include "common/log.h"
#include "common/shown.h"
#include "common/shown.h"
#include "common/stats.h"


enum {
	LINE_SIZE = 4096,
	VALUE_MAX = 200,
	TS_MS_LEN = 23,            /* "2013-05-14T14:26:17.620" */
};

struct line {
	char buf[LINE_SIZE];
	size_t len;
};

static const char *const namev[] = {"error", "warning", "info", "debug"};

static char     log_ident[32] = "pchat";
static enum log_level log_level = LOG_INFO;
static uint64_t writtenv[ARRAY_SIZE(namev)];

static const struct stats_row rowv[] = {
	{ "log_errors",   &writtenv[LOG_ERR],  false, "Errors logged" },
	{ "log_warnings", &writtenv[LOG_WARN], false, "Warnings logged" },
};


void log_open(const char *ident)
{
	if (ident)
		str_ncpy(log_ident, ident, sizeof(log_ident));

	stats_register(rowv, ARRAY_SIZE(rowv));
}


void log_level_set(enum log_level level)
{
	log_level = level;
}


enum log_level log_level_get(void)
{
	return log_level;
}


const char *log_level_name(enum log_level level)
{
	return (size_t)level < ARRAY_SIZE(namev) ? namev[level] : "?";
}


int log_level_parse(enum log_level *levelp, const char *name)
{
	size_t i;

	if (!levelp || !name)
		return EINVAL;

	for (i = 0; i < ARRAY_SIZE(namev); i++) {
		if (!strcmp(name, namev[i])) {
			*levelp = (enum log_level)i;
			return 0;
		}
	}

	return EINVAL;
}


bool log_enabled(enum log_level level)
{
	return level <= log_level;
}


/* What does not fit is dropped; the last byte is kept for the line end */
static int line_append(const char *p, size_t size, void *arg)
{
	struct line *line = arg;
	size_t i, n = min(size, sizeof(line->buf) - 1 - line->len);

	for (i = 0; i < n; i++) {
		const unsigned char c = (unsigned char)p[i];

		line->buf[line->len++] = (char)(c < ' ' || c == 0x7f ? ' ' : c);
	}

	return 0;
}


/* As people may see it, where a character is not plain ASCII */
static void line_shown(struct line *line)
{
	const struct line raw = *line;
	char buf[SHOWN_MAX];
	size_t i = 0, n;

	line->len = 0;
	while (i < raw.len) {

		i += shown_next(buf, &n, raw.buf + i, raw.len - i);
		if (line->len + n > sizeof(line->buf) - 1)
			break;

		memcpy(line->buf + line->len, buf, n);
		line->len += n;
	}
}


static bool is_plain(const struct line *line)
{
	size_t i;

	for (i = 0; i < line->len; i++) {
		if (line->buf[i] & 0x80)
			return false;
	}

	return true;
}


static void line_write(struct line *line)
{
	const char *p = line->buf;
	size_t left;

	if (!is_plain(line))
		line_shown(line);

	line->buf[line->len++] = '\n';

	for (left = line->len; left; ) {

		ssize_t n = write(STDERR_FILENO, p, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;      /* nowhere to complain to */

		p += n;
		left -= (size_t)n;
	}
}


void log_msg(enum log_level level, const char *event, const char *fmt, ...)
{
	struct re_printf pf;
	char ts[CLOCK_TS_SIZE];
	const int saved = errno;
	struct line line;
	va_list ap;

	if (!log_enabled(level))
		return;

	++writtenv[level];
	line.len = 0;
	pf.vph = line_append;
	pf.arg = &line;

	(void)re_hprintf(&pf, "%bZ %s %s[%d] %s",
			 clock_ts(ts, clock_us()), (size_t)TS_MS_LEN,
			 log_level_name(level), log_ident, (int)getpid(),
			 event);

	if (str_isset(fmt)) {
		(void)line_append(" ", 1, &line);
		va_start(ap, fmt);
		(void)re_vhprintf(fmt, ap, line_append, &line);
		va_end(ap);
	}

	line_write(&line);
	errno = saved;
}


/* The next character of a value as it stands between quotes: in ASCII where it
   would end the value or the line, or where people would not see it */
static size_t quote_next(char buf[SHOWN_MAX], size_t *lenp, const char *p,
			 size_t len)
{
	const char *escape = *p == '"' ? "\\\"" : *p == '\\' ? "\\\\" :
		*p == '\n' ? "\\n" : *p == '\t' ? "\\x09" : NULL;

	if (!escape)
		return shown_next(buf, lenp, p, len);

	*lenp = strlen(escape);
	memcpy(buf, escape, *lenp);

	return 1;
}


static bool needs_quotes(const struct pl *pl)
{
	char buf[SHOWN_MAX];
	size_t i, n, len;

	for (i = 0; i < pl->l; i += n) {
		n = quote_next(buf, &len, pl->p + i, pl->l - i);
		if (len != n || pl->p[i] == ' ' || pl->p[i] == '=')
			return true;
	}

	return !pl->l;
}


int log_quote(struct re_printf *pf, const struct pl *pl)
{
	struct pl v = pl && pl->p ? *pl : pl_null;
	const bool cut = v.l > VALUE_MAX;
	char buf[SHOWN_MAX];
	size_t i, n;
	int err;

	if (cut) {
		/* not through the middle of a UTF-8 character */
		v.l = VALUE_MAX;
		while (v.l && ((unsigned char)v.p[v.l] & 0xc0) == 0x80)
			--v.l;
	}

	if (!needs_quotes(&v))
		return re_hprintf(pf, "%r%s", &v, cut ? "..." : "");

	err = re_hprintf(pf, "\"");
	for (i = 0; !err && i < v.l; ) {
		i += quote_next(buf, &n, v.p + i, v.l - i);
		err = pf->vph(buf, n, pf->arg);
	}
	if (err)
		return err;

	return re_hprintf(pf, "%s\"", cut ? "..." : "");
}
