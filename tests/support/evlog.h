/**
 * @file tests/support/evlog.h  Events of a client, in order, and where we are
 *
 * An event is a line TIME <tab> EVENT [<tab> FIELD]...; a pattern is
 * "EVENT|FIELD...": fields are compared whole, "*" stands for any field, and
 * fields at the end may be left out.
 */
#pragma once

struct evlog {
	struct list eventl;
	struct le *mark;          /* last event before the mark       */
	struct le *cursor;        /* last event that was waited for   */
};

int  evlog_add(struct evlog *log, const char *line, size_t len);
void evlog_flush(struct evlog *log);
/** Mark and cursor to the end */
void evlog_mark(struct evlog *log);

/** The next match behind the cursor, which moves there; or NULL */
const char *evlog_next(struct evlog *log, const char *pattern);
/** The first match behind the mark, or NULL */
const char *evlog_first(const struct evlog *log, const char *pattern);
/** Matches behind the mark */
size_t evlog_count(const struct evlog *log, const char *pattern);
/** What is behind the mark, to stderr; the cursor's event has an arrow */
void evlog_show(const struct evlog *log);
