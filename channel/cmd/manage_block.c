/**
 * @file channel/cmd/manage_block.c  What the commands on rooms and principals
 *                                   read and write alike
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <re.h>
#include "common/chaturi.h"
#include "common/clock.h"
#include "common/db/db.h"
#include "common/store/room.h"
#include "channel/cmd/manage.h"
#include "channel/cmd/table.h"
#include "channel/xccos/emit.h"
#include "channel/xccos/tokens.h"
#include "channel/xccos/xccos.h"
#include "channel/access.h"
#include "channel/chanib.h"
#include "channel/core.h"

/* What room_audited has after the columns of a room */
enum { CREATED_BY = 21, CREATED_ON, UPDATED_BY, UPDATED_ON, ADMIN };

/* Columns of a list of principals */
enum { KIND, KEY, DISPLAY, GUID };

enum { KIND_USER = 5 };

/* Spellings of a value, in any case */
static const struct word {
	const char *text;
	int value;
} privacyv[] = {
	{ XT_OPEN,    ROOM_OPEN   },
	{ XT_SCOPED,  ROOM_CLOSED },
	{ "closed",   ROOM_CLOSED },
	{ XT_PRIVATE, ROOM_SECRET },
	{ "secret",   ROOM_SECRET },
	{ NULL,       0           },
}, behaviorv[] = {
	{ XT_NORMAL,     0 },
	{ XT_AUDITORIUM, 1 },
	{ NULL,          0 },
}, boolv[] = {
	{ "true", 1 }, { "1", 1 }, { "inherit", 1 },
	{ "false", 0 }, { "0", 0 },
	{ NULL, 0 },
};


int manage_guid(uint8_t guid[16], const struct cmd *cmd, const char *elem,
		const char *attr, bool category)
{
	const char *uri = xccos_attr(cmd->prim, elem, attr);
	struct pl pl;

	if (!str_isset(uri))
		return EINVAL;

	pl_set_str(&pl, uri);

	return chaturi_decode(guid, category ? CHATURI_CATEGORY : CHATURI_ROOM,
			      &pl) ? ENOENT : 0;
}


/* @return 0 and -1 for what is not given, EINVAL */
static int read_word(int *valuep, const struct word *wordv, const char *text)
{
	*valuep = -1;
	if (!str_isset(text))
		return 0;

	for (; wordv->text; ++wordv) {
		if (!strcasecmp(wordv->text, text)) {
			*valuep = wordv->value;
			return 0;
		}
	}

	return EINVAL;
}


static int put_int(struct db_args *args, const struct word *wordv,
		   const char *text)
{
	int value;
	int err = read_word(&value, wordv, text);

	if (value < 0)
		db_null(args);
	else
		db_int4(args, value);

	return err;
}


int manage_put_bool(struct db_args *args, const char *text)
{
	int value;
	int err = read_word(&value, boolv, text);

	if (value < 0)
		db_null(args);
	else
		db_bool(args, value != 0);

	return err;
}


int manage_put_privacy(struct db_args *args, const char *text)
{
	return put_int(args, privacyv, text);
}


int manage_put_behavior(struct db_args *args, const char *text)
{
	return put_int(args, behaviorv, text);
}


static int write_audit(struct mbuf *mb, const struct db_res *res)
{
	char created[CLOCK_TS_SIZE], updated[CLOCK_TS_SIZE];
	int err;

	err  = XW_LIT(mb, "<" XT_AUDIT);
	err |= xw_attr(mb, XT_AUDIT_WHO, db_get_text(res, 0, UPDATED_BY).p);
	err |= xw_attr(mb, XT_AUDIT_WHEN,
		       clock_ts(updated, db_get_time(res, 0, UPDATED_ON)));
	err |= xw_attr(mb, XT_AUDIT_MAKER, db_get_text(res, 0, CREATED_BY).p);
	err |= xw_attr(mb, XT_AUDIT_MADE,
		       clock_ts(created, db_get_time(res, 0, CREATED_ON)));
	err |= XW_LIT(mb, "/>");

	return err;
}


bool manage_is_admin(const struct db_res *res)
{
	return db_get_bool(res, 0, ADMIN);
}


int manage_write_room(struct cmd *cmd, const struct db_res *res)
{
	struct mbuf *audit = mbuf_alloc(256);
	struct room_rec rec;
	int err;

	if (!audit)
		return ENOMEM;

	room_rec_read(&rec, res, 0);
	err = xccos_aib(audit, access_mask(&rec), NULL, 0);
	if (!err)
		err = write_audit(audit, res);
	if (!err)
		err = chanib_record(cmd->mb, cmd->svc->domain, &rec, audit);
	mem_deref(audit);

	return err;
}


void manage_pattern(char buf[MANAGE_PATTERN], const char *criteria)
{
	size_t n = 0;

	buf[n++] = '%';
	for (; criteria && *criteria && n + 4 < MANAGE_PATTERN; ++criteria) {
		if (strchr("%_\\", *criteria))
			buf[n++] = '\\';
		buf[n++] = *criteria;
	}
	if (n > 1)
		buf[n++] = '%';
	buf[n] = '\0';
}


uint32_t manage_limit(const struct cmd *cmd, const char *asked)
{
	const long n = asked ? strtol(asked, NULL, 10) : 0;

	return n > 0 && n < (long)cmd->svc->set.search_limit ?
		(uint32_t)n : cmd->svc->set.search_limit;
}


/* A user by his URI, whoever else by his GUID (protocol.md 3.4) */
static int write_principal(struct mbuf *mb, const struct db_res *res,
			   uint32_t row, bool index, bool brief)
{
	const int kind = (int)db_get_int(res, row, KIND);
	const uint8_t *id = db_get_uuid(res, row, GUID);
	char guid[GUID_STRSIZE], uri[64];
	struct xccos_uib uib = {
		.id = index ? (int64_t)row : -1, .type = kind,
	};

	uib.guid = guid_str(guid, id);
	uib.uri = db_get_text(res, row, KEY).p;
	if (kind != KIND_USER) {
		(void)re_snprintf(uri, sizeof(uri), "ma-grp:%s@u.g", guid);
		uib.uri = uri;
	}
	if (!brief)
		uib.display = db_get_text(res, row, DISPLAY).p;

	return xccos_uib(mb, &uib);
}


int manage_write_principals(struct mbuf *mb, const struct db_res *res,
			    bool index, bool brief)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < db_rows(res); i++)
		err = write_principal(mb, res, i, index, brief);

	return err;
}
