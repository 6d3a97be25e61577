/**
 * @file deploy/ctl/message.c  pchatctl message, room clear, retention
 */
#include <re.h>
#include <stdlib.h>
#include <string.h>
#include "common/db/bstore.h"
#include "deploy/ctl/tool.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/list.h"
#include "deploy/ctl/removal.h"

#define LIMIT "1000"           /* messages that are listed */

static const struct out_col messagev[] = {
	{ "id",       "ID",      OUT_INT  },
	{ "time",     "TIME",    OUT_TEXT },
	{ "room",     "ROOM",    OUT_TEXT },
	{ "uri",      NULL,      OUT_TEXT },
	{ "author",   "AUTHOR",  OUT_TEXT },
	{ "held",     "HELD",    OUT_BOOL },
	{ "replaced", NULL,      OUT_BOOL },
	{ "text",     NULL,      OUT_TEXT },
	{ "excerpt",  "TEXT",    OUT_TEXT },
};

static const struct out_col retentionv[] = {
	{ "room",     "ROOM",     OUT_TEXT },
	{ "category", "CATEGORY", OUT_TEXT },
	{ "days",     "DAYS",     OUT_INT  },
	{ "set_by",   "SET BY",   OUT_TEXT },
	{ "deleted",  "DELETED",  OUT_BOOL },
	{ "due",      "DUE",      OUT_INT  },
	{ "held",     "HELD",     OUT_INT  },
};


static struct removal given(const struct tool *tool, const char *action)
{
	const struct removal r = {
		.action = action,
		.object = "messages",
		.room   = tool_opt(tool, "room"),
		.user   = tool_opt(tool, "user"),
		.from   = tool_opt(tool, "from"),
		.to     = tool_opt(tool, "to"),
		.words  = tool_opt(tool, "words"),
		.match  = tool_opt(tool, "match"),
		.text   = tool_opt(tool, "text"),
		.matchcase = tool_opt(tool, "case") != NULL,
	};

	return r;
}


static bool count_good(const char *s)
{
	return *s && strlen(s) <= 6 && strspn(s, "0123456789") == strlen(s) &&
		atoi(s) > 0;
}


static int message_list(struct tool *tool)
{
	const char *limit = tool_opt(tool, "limit");
	const struct removal r = given(tool, "list");
	struct bstore *st = NULL;
	PGresult *res = NULL;
	char *cond = NULL;
	int err;

	if (limit && !count_good(limit))
		return tool_usage(tool, "--limit takes a number from 1 to "
				  "999999, not", limit);

	err = tool_connect(&st, tool);
	if (!err)
		err = removal_conditions(&cond, st, &r);
	if (!err) {
		const char *const argv[] = { cond, limit ? limit : LIMIT };

		err = bstore_query(st, &res, "ctl_message_list", argv,
				   ARRAY_SIZE(argv));
	}
	if (!err) {
		err = out_table(tool->out, tool->json, res, messagev,
				ARRAY_SIZE(messagev));
		if (err)
			(void)fprintf(tool->err, "pchatctl: cannot print: "
				      "%s\n", strerror(err));
	}

	PQclear(res);
	mem_deref(cond);
	mem_deref(st);

	return err ? TOOL_FAILED : TOOL_OK;
}


static int message_remove(struct tool *tool)
{
	struct removal r = given(tool, "remove");

	r.done = "removed";

	return removal_run(tool, &r);
}


static int message_replace(struct tool *tool)
{
	struct removal r = given(tool, "replace");

	r.done = "replaced";

	return removal_run(tool, &r);
}


static int room_clear(struct tool *tool)
{
	const struct removal r = {
		.action = "clear",
		.object = tool->argv[0],
		.done   = "removed",
		.room   = tool->argv[0],
		.before = tool_opt(tool, "before"),
	};

	if (!r.before)
		return tool_usage(tool, "up to when? missing",
				  "--before DATE");

	return removal_run(tool, &r);
}


static int retention_list(struct tool *tool)
{
	return list_run(tool, "ctl_retention_list", retentionv,
			ARRAY_SIZE(retentionv));
}


static int retention_run(struct tool *tool)
{
	const struct removal r = {
		.action = "retention", .object = "messages", .done = "removed",
	};

	return removal_run(tool, &r);
}


#define WHICH                                                               \
	{ "room",  "ROOM",  "in this room: name, URI or GUID" },            \
	{ "user",  "URI",   "by this user" },                               \
	{ "from",  "DATE",  "not before: 2026-01-31 or "                    \
			    "2026-01-31T12:00:00Z" },                       \
	{ "to",    "DATE",  "not after; a day is meant to its end" },       \
	{ "words", "WORDS", "with these words" },                           \
	{ "match", "HOW",   "all (of the words), any or exact (phrase)" },  \
	{ "case",  NULL,    "the case of letters counts" }

static const struct tool_opt listv[] = {
	WHICH,
	{ "limit", "N", "at most N messages (1000)" },
	{ NULL, NULL, NULL },
};

static const struct tool_opt removev[] = {
	WHICH,
	{ NULL, NULL, NULL },
};

static const struct tool_opt replacev[] = {
	WHICH,
	{ "text", "TEXT", "the new text (the setting RemovedMessageText)" },
	{ NULL, NULL, NULL },
};

static const struct tool_opt clearv[] = {
	{ "before", "DATE", "remove what is older" },
	{ NULL, NULL, NULL },
};

static const struct tool_cmd cmdv[] = {
	{ "message", "list", NULL, TOOL_STORE, message_list,
	  "list messages by room, user, time and words", listv },
	{ "message", "remove", NULL, TOOL_STORE | TOOL_DRY, message_remove,
	  "remove such messages for good", removev },
	{ "message", "replace", NULL, TOOL_STORE | TOOL_DRY, message_replace,
	  "replace the text of such messages", replacev },
	{ "room", "clear", "ROOM", TOOL_STORE | TOOL_DRY, room_clear,
	  "remove a room's messages up to a date", clearv },
	{ "retention", "list", NULL, TOOL_STORE, retention_list,
	  "list rooms with a retention and how many messages are due", NULL },
	{ "retention", "run", NULL, TOOL_STORE | TOOL_DRY, retention_run,
	  "remove now what is due", NULL },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
