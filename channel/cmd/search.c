/**
 * @file channel/cmd/search.c  chansrch and getassociations: lists of rooms
 *                             (protocol.md 4.3, 4.10; product.md A.8)
 *
 * All are one statement with many conditions; a kind of search says which of
 * them the criteria are.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <re.h>
#include "common/chaturi.h"
#include "common/db/db.h"
#include "common/store/room.h"
#include "common/utf8.h"
#include "channel/cmd/manage.h"
#include "channel/cmd/table.h"
#include "channel/xccos/tokens.h"
#include "channel/xccos/xccos.h"
#include "channel/access.h"
#include "channel/chanib.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/user.h"

enum { ANY_ROLE, ROLE_MEMBER, ROLE_MANAGER };

enum { WORDS_MAX = 32, URI_SIZE = 256 };

/** What is looked for; NULL: does not matter */
struct find {
	const char *text, *category, *joined, *member, *manager, *addin,
		   *disabled, *privacy, *behavior, *invites;
	int own_role;
	bool invited;
	const char *max;
};

enum criteria { TEXT, CATEGORY, JOINED };

static const struct qtype {
	const char *name;
	enum criteria criteria;
	int own_role;
	bool invited, filter;
} qtypev[] = {
	{ XT_BY_NAME,     TEXT,     ANY_ROLE,     false, false },
	{ XT_BY_CATEGORY, CATEGORY, ANY_ROLE,     false, false },
	{ XT_BY_JOINED,   JOINED,   ANY_ROLE,     false, false },
	{ XT_BY_FILTER,   TEXT,     ANY_ROLE,     false, true  },
	{ XT_BY_INVITE,   TEXT,     ANY_ROLE,     true,  false },
	{ XT_MY_ROOMS,    TEXT,     ROLE_MEMBER,  false, false },
	{ XT_MY_MANAGED,  TEXT,     ROLE_MANAGER, false, false },
};


/* ---------------------------------------------------------------- the reply */

static int write_room(struct cmd *cmd, const struct db_res *res, uint32_t row)
{
	struct mbuf *own = NULL;
	struct room_rec rec;
	int err = 0;

	room_rec_read(&rec, res, row);
	if (cmd->arg) {
		own = mbuf_alloc(64);
		err = own ? xccos_aib(own, access_aib(access_mask(&rec)),
				      NULL, 0) : ENOMEM;
	}
	if (!err)
		err = chanib_record(cmd->mb, cmd->svc->domain, &rec, own);
	mem_deref(own);

	return err;
}


static void rooms_handler(int err, const struct db_res *res, void *arg)
{
	cmd_reply_rows(arg, err, res, write_room);
}


/* -------------------------------------------------------------- the request */

/* The next word of a text; NULL: no more */
static const char *word_next(struct pl *word, const char *p)
{
	while (isspace((unsigned char)*p))
		++p;
	if (!*p)
		return NULL;

	word->p = p;
	while (*p && !isspace((unsigned char)*p))
		++p;
	word->l = (size_t)(p - word->p);

	return p;
}


/* Each word for itself */
static int put_words(struct db_args *args, const char *text)
{
	char bufv[WORDS_MAX][MANAGE_PATTERN];
	struct pl patternv[WORDS_MAX], word;
	const char *p = text;
	size_t n = 0;

	while ((p = word_next(&word, p))) {
		char one[MANAGE_CRITERIA];

		if (n == WORDS_MAX)
			return EINVAL;
		(void)pl_strcpy(&word, one, sizeof(one));
		manage_pattern(bufv[n], one);
		pl_set_str(&patternv[n], bufv[n]);
		++n;
	}
	db_textv(args, patternv, n);

	return 0;
}


/* $3 and $4.  A client that says nothing of words means the text as it is */
static int put_text(struct db_args *args, const struct cmd *cmd,
		    const char *text)
{
	const char *all = xccos_attr(cmd->prim, "qib", XT_MATCH_ALL);
	const char *phrase = xccos_attr(cmd->prim, "qib", XT_MATCH_PHRASE);
	char buf[MANAGE_PATTERN];
	struct pl pattern;
	int err = 0;

	if (utf8_count(text) > LIMIT_FIND)
		return EINVAL;

	if (!str_isset(text)) {
		db_null(args);
	}
	else if (all && !xccos_bool(phrase)) {
		err = put_words(args, text);
	}
	else {
		manage_pattern(buf, text);
		pl_set_str(&pattern, buf);
		db_textv(args, &pattern, 1);
	}
	db_bool(args, xccos_bool(all));

	return err;
}


static int put_guid(struct db_args *args, const uint8_t *guid, int err)
{
	if (err)
		return EINVAL;

	db_uuid(args, guid);

	return 0;
}


static int put_category(struct db_args *args, const char *uri)
{
	uint8_t guid[GUID_SIZE];
	struct pl pl;

	if (!uri) {
		db_null(args);
		return 0;
	}

	pl_set_str(&pl, uri);

	return put_guid(args, guid, chaturi_decode(guid, CHATURI_CATEGORY,
						   &pl));
}


static int put_addin(struct db_args *args, const char *text)
{
	uint8_t guid[GUID_SIZE];
	struct pl pl;

	if (!text) {
		db_null(args);
		return 0;
	}

	pl_set_str(&pl, text);

	return put_guid(args, guid, guid_decode(guid, &pl));
}


static int put_principal(struct db_args *args, const char *name)
{
	char canon[URI_SIZE];
	struct pl pl;

	if (name && !strncasecmp(name, "sip:", 4)) {
		pl_set_str(&pl, name);
		if (useruri_canon(canon, sizeof(canon), &pl))
			return EINVAL;
		name = canon;
	}
	db_text(args, name);

	return 0;
}


static int put_people(struct db_args *args, const struct find *find)
{
	int err;

	err = put_principal(args, find->joined);
	if (!err)
		err = put_principal(args, find->member);
	if (!err)
		err = put_principal(args, find->manager);

	return err;
}


static int put_kind(struct db_args *args, const struct find *find)
{
	int err;

	err = put_addin(args, find->addin);
	if (!err)
		err = manage_put_bool(args, find->disabled);
	if (!err)
		err = manage_put_privacy(args, find->privacy);
	if (!err)
		err = manage_put_behavior(args, find->behavior);
	if (!err)
		err = manage_put_bool(args, find->invites);

	return err;
}


static int run(struct cmd *cmd, const struct find *find)
{
	struct db_args args;
	int err;

	db_args_init(&args);
	db_int8(&args, cmd->ep->user->id);
	db_int8v(&args, cmd->ep->user->ancv, cmd->ep->user->ancc);
	err = put_text(&args, cmd, find->text);
	db_bool(&args, xccos_bool(xccos_attr(cmd->prim, "qib", "extended")));
	db_int4(&args, find->own_role);
	db_bool(&args, find->invited);
	if (!err)
		err = put_category(&args, find->category);
	if (!err)
		err = put_people(&args, find);
	if (!err)
		err = put_kind(&args, find);
	cmd->most = manage_limit(cmd, find->max);
	db_int4(&args, (int32_t)cmd->most + 1);
	if (err) {
		db_args_reset(&args);
		return err;
	}

	return db_exec(cmd->lane == LANE_SEARCH ? cmd->svc->db_search :
		       cmd->svc->db_read, "room_find", &args, rooms_handler,
		       cmd) ? EBUSY : 0;
}


/* ------------------------------------------------------------- the commands */

/* Whatever is not known is a search by name */
static const struct qtype *qtype_find(const char *name)
{
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(qtypev); i++) {
		if (!strcasecmp(qtypev[i].name, name))
			return &qtypev[i];
	}

	return &qtypev[0];
}


/* The value of one of two spellings; what is empty is not given */
static const char *filter(const struct cmd *cmd, const char *name,
			  const char *other)
{
	const char *value = xccos_attr(cmd->prim, "qib", name);

	if (!value && other)
		value = xccos_attr(cmd->prim, "qib", other);

	return str_isset(value) ? value : NULL;
}


static void read_filter(struct find *find, const struct cmd *cmd)
{
	find->member   = filter(cmd, XT_FILTER_MEMBER, NULL);
	find->manager  = filter(cmd, XT_FILTER_MANAGER, NULL);
	find->category = filter(cmd, XT_FILTER_CATEGORY, XT_PARENT);
	find->addin    = filter(cmd, XT_FILTER_ADDIN, XT_ADDIN_GUID);
	find->disabled = filter(cmd, XT_DISABLED, NULL);
	find->privacy  = filter(cmd, XT_FILTER_PRIVACY, "visibilty");
	find->behavior = filter(cmd, XT_BEHAVIOR, "behaviour");
	find->invites  = filter(cmd, XT_FILTER_INVITES, XT_NODE_INVITE);
}


int cmd_chansrch(struct cmd *cmd)
{
	const struct qtype *qtype = qtype_find(xccos_attr(cmd->prim, "qib",
							  "qtype"));
	const char *criteria = xccos_attr(cmd->prim, "qib", "criteria");
	struct find find = {
		.own_role = qtype->own_role, .invited = qtype->invited,
		.max = xccos_attr(cmd->prim, "qib", XT_MAX_RESULTS),
	};

	if (qtype->filter)
		read_filter(&find, cmd);

	if (qtype->criteria == TEXT)
		find.text = criteria;
	else if (!str_isset(criteria))
		return EINVAL;
	else if (qtype->criteria == CATEGORY)
		find.category = criteria;
	else
		find.joined = criteria;

	return run(cmd, &find);
}


/* The spelling is not public: whatever speaks of managing asks for managed
   rooms, whatever is called max... is a limit */
static bool wish_handler(const char *name, const char *value, void *arg)
{
	struct find *find = arg;

	if (strcasestr(value, "manage"))
		find->own_role = ROLE_MANAGER;
	if (!strncasecmp(name, "max", 3))
		find->max = value;

	return false;
}


int cmd_getassociations(struct cmd *cmd)
{
	struct find find = { .own_role = ROLE_MEMBER };

	xccos_each_attr(cmd->prim, wish_handler, &find);
	cmd->arg = true;

	return run(cmd, &find);
}
