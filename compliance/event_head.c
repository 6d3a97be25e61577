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

/** What many events have in common, by the key that stands for it */
struct shared { struct pl key, val; };

struct sharedv {
	struct shared v[EVENTS_MAX];
	size_t n;
};

struct event_heads {
	struct sharedv rooms, users;
	struct mbuf *mb;             /* the events, whole                    */
	struct pl room, user;        /* of the event that is read            */
	size_t n;
	uint8_t guidv[EVENTS_MAX][GUID_SIZE], roomv[EVENTS_MAX][GUID_SIZE];
	int32_t kindv[EVENTS_MAX];
	int64_t tsv[EVENTS_MAX], msgv[EVENTS_MAX];
	struct pl sessionv[EVENTS_MAX], eventv[EVENTS_MAX];
};

/** Takes a member of an object.  Values as they stand: strings with quotes */
typedef int (member_h)(struct event_heads *h, const struct pl *name,
		       const struct pl *val);


static void destructor(void *data)
{
	struct event_heads *h = data;

	mem_deref(h->mb);
}


/* ----------------------------------------------------- values, as they are */

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


/* "name": value.  @return what is behind it */
static const char *member(struct event_heads *h, const char *p, member_h *mh)
{
	const char *end = *p == '"' ? string_end(p) : NULL;
	struct pl name, val;

	if (!end)
		return NULL;
	name = (struct pl){ p + 1, (size_t)(end - p) - 2 };

	p = space(end);
	if (*p++ != ':')
		return NULL;

	val.p = space(p);
	end = value_end(val.p);
	if (!end || end == val.p)
		return NULL;
	val.l = (size_t)(end - val.p);

	return mh(h, &name, &val) ? NULL : space(end);
}


/* An object's members, each to the handler.  @return what is behind it */
static const char *object(struct event_heads *h, const char *p, member_h *mh)
{
	if (*p++ != '{')
		return NULL;

	p = space(p);
	if (*p == '}')
		return p + 1;

	while ((p = member(h, p, mh)) && *p == ',')
		p = space(p + 1);

	return p && *p == '}' ? p + 1 : NULL;
}


static struct pl unquoted(const struct pl *val)
{
	if (val->l < 2 || *val->p != '"')
		return *val;

	return (struct pl){ val->p + 1, val->l - 2 };
}


/* ------------------------------------------------------- rooms and users */

static int by_key(const void *a, const void *b)
{
	const struct shared *x = a, *y = b;

	if (x->key.l != y->key.l)
		return x->key.l < y->key.l ? -1 : 1;

	return memcmp(x->key.p, y->key.p, x->key.l);
}


static int shared_add(struct sharedv *s, const struct pl *name,
		      const struct pl *val)
{
	if (s->n == EVENTS_MAX || *val->p != '{')
		return EBADMSG;

	s->v[s->n++] = (struct shared){ *name, *val };

	return 0;
}


static int room_handler(struct event_heads *h, const struct pl *name,
			const struct pl *val)
{
	return shared_add(&h->rooms, name, val);
}


static int user_handler(struct event_heads *h, const struct pl *name,
			const struct pl *val)
{
	return shared_add(&h->users, name, val);
}


static const struct pl *shared_find(const struct sharedv *s,
				    const struct pl *key)
{
	const struct shared what = { *key, PL_INIT };
	const struct shared *found = bsearch(&what, s->v, s->n, sizeof(what),
					     by_key);

	return found ? &found->val : NULL;
}


/* --------------------------------------------------------------- an event */

static int id_take(struct event_heads *h, const struct pl *val)
{
	return guid_decode(h->guidv[h->n], val);
}


static int kind_take(struct event_heads *h, const struct pl *val)
{
	h->kindv[h->n] = (int32_t)strtol(val->p, NULL, 10);

	return 0;
}


static int ts_take(struct event_heads *h, const struct pl *val)
{
	h->tsv[h->n] = strtoll(val->p, NULL, 10);

	return 0;
}


static int room_take(struct event_heads *h, const struct pl *val)
{
	h->room = *val;

	return guid_decode(h->roomv[h->n], val);
}


static int user_take(struct event_heads *h, const struct pl *val)
{
	h->user = *val;

	return 0;
}


static int msg_take(struct event_heads *h, const struct pl *val)
{
	h->msgv[h->n] = strtoll(val->p, NULL, 10);

	return 0;
}


static int session_take(struct event_heads *h, const struct pl *val)
{
	h->sessionv[h->n] = *val;

	return 0;
}


/* Each has its place, so that most are found at the first look */
static const struct {
	const char *name;
	int (*take)(struct event_heads *h, const struct pl *val);
} takev[] = {
	{ "id",      id_take      },
	{ "kind",    kind_take    },
	{ "ts",      ts_take      },
	{ "room",    room_take    },
	{ "user",    user_take    },
	{ "msg_id",  msg_take     },
	{ "session", session_take },
};


static int event_handler(struct event_heads *h, const struct pl *name,
			 const struct pl *val)
{
	const struct pl text = unquoted(val);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(takev); i++) {
		if (!pl_strcmp(name, takev[i].name))
			return takev[i].take(h, &text);
	}

	return 0;
}


/* From p to end, with what room and user stand for in their places */
static int whole(struct event_heads *h, const char *p, const char *end)
{
	const struct pl *room = NULL, *user = NULL;
	int err = 0;

	if (h->room.p) {
		room = shared_find(&h->rooms, &h->room);
		if (!room || h->room.p[-1] != '"')
			return EBADMSG;

		err  = mbuf_write_mem(h->mb, (const uint8_t *)p,
				      (size_t)(h->room.p - 1 - p));
		err |= mbuf_write_pl(h->mb, room);
		p = h->room.p + h->room.l + 1;
	}
	if (h->user.p) {
		if (h->user.p < p)
			return EBADMSG;        /* it comes after the room */

		user = shared_find(&h->users, &h->user);
		err |= mbuf_write_mem(h->mb, (const uint8_t *)p,
				      (size_t)(h->user.p - p));
		err |= user ? mbuf_write_pl(h->mb, user)
			: mbuf_write_str(h->mb, "null");
		p = h->user.p + h->user.l;
	}

	return err | mbuf_write_mem(h->mb, (const uint8_t *)p,
				    (size_t)(end - p));
}


static int event(struct event_heads *h, const char **pp)
{
	const size_t start = h->mb->pos;
	const char *end;
	int err;

	if (h->n == EVENTS_MAX)
		return EBADMSG;

	memset(h->guidv[h->n], 0, GUID_SIZE);
	memset(h->roomv[h->n], 0, GUID_SIZE);
	h->kindv[h->n] = 0;
	h->tsv[h->n] = h->msgv[h->n] = 0;
	h->sessionv[h->n] = h->room = h->user = pl_null;

	end = object(h, *pp, event_handler);
	if (!end || !h->kindv[h->n] || !h->tsv[h->n])
		return EBADMSG;

	err = whole(h, *pp, end);
	if (err)
		return err;

	/* p when all are there: the buffer may move */
	h->eventv[h->n++].l = h->mb->pos - start;
	*pp = space(end);

	return 0;
}


static int events(struct event_heads *h, const char *p)
{
	int err;

	if (*p++ != '[')
		return EBADMSG;

	do {
		p = space(p);
		err = event(h, &p);
		if (err)
			return err;
	} while (*p++ == ',');

	return p[-1] == ']' ? 0 : EBADMSG;
}


/* ---------------------------------------------------------------- a batch */

static int shared(struct event_heads *h, struct sharedv *s, const char *p,
		  member_h *mh)
{
	if (!object(h, p, mh))
		return EBADMSG;

	qsort(s->v, s->n, sizeof(s->v[0]), by_key);

	return 0;
}


static int batch_handler(struct event_heads *h, const struct pl *name,
			 const struct pl *val)
{
	if (!pl_strcmp(name, "rooms"))
		return shared(h, &h->rooms, val->p, room_handler);
	if (!pl_strcmp(name, "users"))
		return shared(h, &h->users, val->p, user_handler);
	if (!pl_strcmp(name, "events"))
		return events(h, val->p);

	return 0;
}


static int batch_read(struct event_heads *h, const char *batch)
{
	const char *end = object(h, space(batch), batch_handler), *p;
	size_t i;

	if (!end || *space(end) || !h->n)
		return EBADMSG;

	p = (const char *)h->mb->buf;
	for (i = 0; i < h->n; i++) {
		h->eventv[i].p = p;
		p += h->eventv[i].l;
	}

	return 0;
}


int event_heads(struct event_heads **hp, const char *batch)
{
	struct event_heads *h;
	int err;

	if (!hp || !batch)
		return EINVAL;

	h = mem_alloc(sizeof(*h), destructor);
	if (!h)
		return ENOMEM;

	h->n = h->rooms.n = h->users.n = 0;
	h->mb = mbuf_alloc(2 * strlen(batch) + 512);
	err = h->mb ? batch_read(h, batch) : ENOMEM;
	if (err)
		mem_deref(h);
	else
		*hp = h;

	return err;
}


const struct pl *event_heads_event(const struct event_heads *h, size_t i)
{
	return i < h->n ? &h->eventv[i] : NULL;
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
