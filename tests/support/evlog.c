/**
 * @file tests/support/evlog.c  Events of a client, in order, and where we are
 */
#include <string.h>
#include <re.h>
#include "tests/support/evlog.h"

struct event {
	struct le le;
	char *line;               /* TIME <tab> EVENT <tab> FIELD ... */
};


static void destructor(void *data)
{
	struct event *ev = data;

	list_unlink(&ev->le);
	mem_deref(ev->line);
}


int evlog_add(struct evlog *log, const char *line, size_t len)
{
	struct event *ev;
	struct pl pl = { line, len };
	int err;

	ev = mem_zalloc(sizeof(*ev), destructor);
	if (!ev)
		return ENOMEM;

	err = pl_strdup(&ev->line, &pl);
	if (err)
		mem_deref(ev);
	else
		list_append(&log->eventl, &ev->le, ev);

	return err;
}


void evlog_flush(struct evlog *log)
{
	log->mark = log->cursor = NULL;
	list_flush(&log->eventl);
}


void evlog_mark(struct evlog *log)
{
	log->mark = log->cursor = log->eventl.tail;
}


static const char *skip_time(const char *line)
{
	const char *tab = strchr(line, '\t');

	return tab ? tab + 1 : line;
}


static bool field_matches(const char *field, size_t len, const char *want,
			  size_t want_len)
{
	if (want_len == 1 && *want == '*')
		return true;

	return len == want_len && !memcmp(field, want, len);
}


static bool matches(const char *line, const char *pattern)
{
	for (line = skip_time(line);; ++line, ++pattern) {
		size_t a = strcspn(line, "\t"), b = strcspn(pattern, "|");

		if (!field_matches(line, a, pattern, b))
			return false;

		line    += a;
		pattern += b;
		if (!*pattern)
			return true;
		if (!*line)
			return false;
	}
}


static struct le *after(const struct evlog *log, const struct le *le)
{
	return le ? le->next : log->eventl.head;
}


static struct event *find(const struct evlog *log, const struct le *from,
			  const char *pattern)
{
	struct le *le;

	for (le = after(log, from); le; le = le->next) {
		struct event *ev = le->data;

		if (matches(ev->line, pattern))
			return ev;
	}

	return NULL;
}


const char *evlog_next(struct evlog *log, const char *pattern)
{
	struct event *ev = find(log, log->cursor, pattern);

	if (!ev)
		return NULL;

	log->cursor = &ev->le;

	return ev->line;
}


const char *evlog_first(const struct evlog *log, const char *pattern)
{
	const struct event *ev = find(log, log->mark, pattern);

	return ev ? ev->line : NULL;
}


size_t evlog_count(const struct evlog *log, const char *pattern)
{
	const struct event *ev = find(log, log->mark, pattern);
	size_t n;

	for (n = 0; ev; n++)
		ev = find(log, &ev->le, pattern);

	return n;
}


void evlog_show(const struct evlog *log)
{
	const struct le *le;

	for (le = after(log, log->mark); le; le = le->next) {
		const struct event *ev = le->data;

		(void)re_fprintf(stderr, "%s %s\n",
				 le == log->cursor ? "=>" : "  ", ev->line);
	}
}
