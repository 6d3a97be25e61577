/**
 * @file compliance/event_head.c  What staging must know of each event
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/guid.h"
#include "common/queue.h"
#include "compliance/event_head.h"

enum { DEPTH_MAX = 64, EVENTS_MAX = 2 * QUEUE_EVENTS_MAX };

struct event_heads {
	size_t n;
	uint8_t guidv[EVENTS_MAX][GUID_SIZE], roomv[EVENTS_MAX][GUID_SIZE];
	int32_t kindv[EVENTS_MAX];
	int64_t tsv[EVENTS_MAX], msgv[EVENTS_MAX];
	struct pl sessionv[EVENTS_MAX], eventv[EVENTS_MAX];
};

/** Takes a value as it stands; strings without their quotes */
typedef int (member_h)(struct event_heads *h, const struct pl *val);

struct member {
	const char *name;
	member_h *h;
};


/* ------------------------------------------------------- values, as they are */

static const char *space(const char *p)
{
	return p + strspn(p, " \t\r\n");
}


/* Behind the closing quote; NULL: there is none */
static const char *string_end(const char *p)
{
	for (++p; *p != '"'; p++) {
		if (*p == '\\' && p[1])
			++p;
		else if (!*p)
			return NULL;
	}

	return p + 1;
}


static const char *nest_end(const char *p)
{
	unsigned depth = 0;

	while (*p) {
		if (*p == '"') {
			p = string_end(p);
			if (!p)
				return NULL;
			continue;
		}
		if (*p == '{' || *p == '[')
			++depth;
		else if ((*p == '}' || *p == ']') && !--depth)
			return p + 1;
		if (depth > DEPTH_MAX)
			return NULL;
		++p;
	}

	return NULL;
}


static const char *value_end(const char *p)
{
	if (*p == '"')
		return string_end(p);
	if (*p == '{' || *p == '[')
		return nest_end(p);

	return p + strcspn(p, ",]} \t\r\n");
}


static int take(struct event_heads *h, const struct member *memberv, size_t n,
		const struct pl *name, struct pl *val)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (pl_strcmp(name, memberv[i].name))
			continue;
		if (!pl_strcmp(val, "null"))
			return 0;
		if (*val->p == '"')
			*val = (struct pl){ val->p + 1, val->l - 2 };

		return memberv[i].h(h, val);
	}

	return 0;
}


/* An object's members, those that are wanted to their handlers.  @return what
   is behind it */
static const char *object(struct event_heads *h, const char *p,
			  const struct member *memberv, size_t n)
{
	if (*p++ != '{')
		return NULL;

	for (p = space(p); *p == '"'; p = space(p + 1)) {

		const char *end = string_end(p);
		struct pl name, val;

		if (!end)
			return NULL;
		name = (struct pl){ p + 1, (size_t)(end - p) - 2 };

		p = space(end);
		if (*p++ != ':')
			return NULL;

		p = space(p);
		end = value_end(p);
		if (!end || end == p)
			return NULL;
		val = (struct pl){ p, (size_t)(end - p) };

		if (take(h, memberv, n, &name, &val))
			return NULL;

		p = space(end);
		if (*p != ',')
			break;
	}

	return *p == '}' ? p + 1 : NULL;
}


/* --------------------------------------------------------------- an event */

static int id_handler(struct event_heads *h, const struct pl *val)
{
	return guid_decode(h->guidv[h->n], val);
}


static int kind_handler(struct event_heads *h, const struct pl *val)
{
	h->kindv[h->n] = (int32_t)strtol(val->p, NULL, 10);

	return h->kindv[h->n] ? 0 : EBADMSG;
}


static int ts_handler(struct event_heads *h, const struct pl *val)
{
	h->tsv[h->n] = strtoll(val->p, NULL, 10);

	return 0;
}


static int msg_handler(struct event_heads *h, const struct pl *val)
{
	h->msgv[h->n] = strtoll(val->p, NULL, 10);

	return 0;
}


static int session_handler(struct event_heads *h, const struct pl *val)
{
	h->sessionv[h->n] = *val;

	return 0;
}


static int room_id_handler(struct event_heads *h, const struct pl *val)
{
	return guid_decode(h->roomv[h->n], val);
}


static int room_handler(struct event_heads *h, const struct pl *val)
{
	static const struct member memberv[] = {
		{ "id", room_id_handler },
	};

	return object(h, val->p, memberv, ARRAY_SIZE(memberv)) ? 0 : EBADMSG;
}


static const struct member eventmv[] = {
	{ "id",      id_handler      },
	{ "kind",    kind_handler    },
	{ "ts",      ts_handler      },
	{ "room",    room_handler    },
	{ "msg_id",  msg_handler     },
	{ "session", session_handler },
};


static int event(struct event_heads *h, const char **pp)
{
	const char *p = *pp, *end;

	if (h->n == EVENTS_MAX)
		return EBADMSG;

	memset(h->guidv[h->n], 0, GUID_SIZE);
	memset(h->roomv[h->n], 0, GUID_SIZE);
	h->kindv[h->n] = 0;
	h->tsv[h->n] = h->msgv[h->n] = 0;
	h->sessionv[h->n] = pl_null;

	end = object(h, p, eventmv, ARRAY_SIZE(eventmv));
	if (!end || !h->kindv[h->n] || !h->tsv[h->n])
		return EBADMSG;

	h->eventv[h->n++] = (struct pl){ p, (size_t)(end - p) };
	*pp = space(end);

	return 0;
}


static int array(struct event_heads *h, const char *p)
{
	int err;

	p = space(p);
	if (*p++ != '[')
		return EBADMSG;

	do {
		p = space(p);
		err = event(h, &p);
		if (err)
			return err;
	} while (*p++ == ',');

	return p[-1] == ']' && !*space(p) ? 0 : EBADMSG;
}


int event_heads(struct event_heads **hp, const char *events)
{
	struct event_heads *h;
	int err;

	if (!hp || !events)
		return EINVAL;

	h = mem_alloc(sizeof(*h), NULL);
	if (!h)
		return ENOMEM;

	h->n = 0;
	err = array(h, events);
	if (err)
		mem_deref(h);
	else
		*hp = h;

	return err;
}


void event_heads_args(const struct event_heads *h, struct db_args *args)
{
	db_uuidv(args, h->guidv, h->n);
	db_int4v(args, h->kindv, h->n);
	db_int8v(args, h->tsv, h->n);
	db_uuidv(args, h->roomv, h->n);
	db_int8v(args, h->msgv, h->n);
	db_textv(args, h->sessionv, h->n);
	db_textv(args, h->eventv, h->n);
}
