/**
 * @file tests/purple/trace.c  What only the plugin's log tells
 *
 * Several things that a test must wait for have no place in libpurple's
 * interface: that the group chat session stands, that a room was left for
 * good, that an old session was refused.  The plugin logs them; the table
 * below turns those lines into events.  All of the log, with the SIP trace,
 * goes to a file if one is named.
 */
#include <stdio.h>
#include <string.h>
#include "tests/purple/client.h"

enum mark_kind {
	PLAIN,              /* an event without fields                  */
	REST,               /* the rest of the line is a field          */
	AFTER,              /* PLAIN, when what the line announces is done */
};

struct mark {
	const char *text;   /* how the line begins                      */
	const char *event;
	enum mark_kind kind;
};

static const struct mark markv[] = {
	{ "connection to group chat server established",
	  "groupchat-ready", PLAIN },
	{ "can't connect to group chat server", "groupchat-failed", PLAIN },
	{ "disabling group chat feature",       "groupchat-off",    PLAIN },
	{ "groupchat_init_retry:",              "groupchat-retry",  PLAIN },
	{ "chatserver_command_response: failure ", "refused",       REST  },
	{ "process_incoming_info_groupchat: ignoring unsolicited",
	  "stale-info", PLAIN },
	{ "chatserver_response: 'rpl:bccontext' ", "history-end",   AFTER },
	{ "leaving room ",   "parted",   REST },
	{ "rejoining room ", "rejoined", REST },
};

/* The same order as SIPE's flag bits */
static const char *const flagv[] = { "file", "invite", "logged", "private" };

static struct {
	FILE *f;
	char flags[64];
} trace;


/* 'NAME' (URI): the name, if the line goes on so, else the line as it is */
static char *room_name(const char *rest)
{
	const char *end = *rest == '\'' ? strstr(rest, "' (ma-chan:") : NULL;

	return end ? g_strndup(rest + 1, (gsize)(end - rest - 1))
		   : g_strchomp(g_strdup(rest));
}


static gboolean after_handler(gpointer arg)
{
	const struct mark *mark = arg;

	event_print(mark->event, NULL);

	return G_SOURCE_REMOVE;
}


static void mark_event(const struct mark *mark, const char *line)
{
	char *rest;

	switch (mark->kind) {

	case PLAIN:
		event_print(mark->event, NULL);
		break;

	case REST:
		rest = room_name(line + strlen(mark->text));
		event_print(mark->event, rest, NULL);
		g_free(rest);
		break;

	case AFTER:
		g_idle_add(after_handler, (gpointer)mark);
		break;
	}
}


/* libpurple's list of rooms has no field for "file"; the log line that comes
 * just before each room has all four. */
static void remember_flags(const char *line)
{
	const char *p = g_strrstr(line, "flags 0x");
	guint64 bits = p ? g_ascii_strtoull(p + 8, NULL, 16) : 0;
	size_t i;

	trace.flags[0] = '\0';
	for (i = 0; i < G_N_ELEMENTS(flagv); i++) {

		if (!(bits & 1u << i))
			continue;
		if (trace.flags[0])
			g_strlcat(trace.flags, ",", sizeof(trace.flags));
		g_strlcat(trace.flags, flagv[i], sizeof(trace.flags));
	}
}


static void sipe_line(const char *line)
{
	size_t i;

	if (g_str_has_prefix(line, "group chat channel '"))
		remember_flags(line);

	for (i = 0; i < G_N_ELEMENTS(markv); i++)
		if (g_str_has_prefix(line, markv[i].text))
			mark_event(&markv[i], line);
}


static void to_file(const char *category, const char *line)
{
	GDateTime *now = g_date_time_new_now_local();
	char *when = g_date_time_format(now, "%T");

	fprintf(trace.f, "%s.%03d %s: %s", when,
		g_date_time_get_microsecond(now) / 1000, category, line);
	fflush(trace.f);
	g_free(when);
	g_date_time_unref(now);
}


static void print_handler(PurpleDebugLevel level, const char *category,
			  const char *line)
{
	(void)level;

	if (trace.f)
		to_file(category ? category : "-", line);
	if (category && !strcmp(category, "sipe"))
		sipe_line(line);
}


/* With its debugging on, libpurple prints to standard output as well; the
 * plugin makes no SIP trace without it. */
static void silent_handler(const char *text)
{
	(void)text;
}


/* SIPE signs off with a few failed assertions; they belong into the trace */
static void glib_handler(const gchar *domain, GLogLevelFlags level,
			 const gchar *message, gpointer arg)
{
	char *line;
	(void)level;
	(void)arg;

	if (!trace.f)
		return;

	line = g_strdup_printf("%s\n", message);
	to_file(domain ? domain : "-", line);
	g_free(line);
}


const char *trace_room_flags(void)
{
	return trace.flags[0] ? trace.flags : "-";
}


gboolean trace_open(const char *path)
{
	static PurpleDebugUiOps ops = { .print = print_handler };

	if (path) {
		trace.f = fopen(path, "w");
		if (!trace.f)
			return FALSE;
	}

	g_set_print_handler(silent_handler);
	g_log_set_default_handler(glib_handler, NULL);
	purple_debug_set_ui_ops(&ops);
	purple_debug_set_enabled(TRUE);
	purple_debug_set_unsafe(path != NULL);

	return TRUE;
}


void trace_close(void)
{
	purple_debug_set_ui_ops(NULL);
	if (trace.f)
		fclose(trace.f);
	trace.f = NULL;
}
