/**
 * @file channel/publish.c  What a client publishes of itself
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <re.h>
#include "common/chaturi.h"
#include "common/db/db.h"
#include "channel/publish.h"
#include "channel/xccos/xccos.h"

struct reading {
	struct publish *pub;
	const char *user;
	int err;
};


static void destructor(void *data)
{
	struct publish *pub = data;

	mem_deref(pub->doc);
	mem_deref(pub->mb);
}


/* Decimal digits and nothing else, up to max */
static int number(int64_t *np, const char *s, int64_t max)
{
	char *end;

	if (!s || *s < '0' || *s > '9')
		return EBADMSG;

	errno = 0;
	*np = strtoll(s, &end, 10);

	return errno || *end || *np > max ? EBADMSG : 0;
}


/* For ever only what says so; what ends with a client, or says nothing, ends
   with the day */
static int life_read(struct publication *p, const void *node)
{
	const char *expires = xccos_node_attr(node, "expires");
	int64_t s;

	p->type = xccos_node_attr(node, "expireType");
	if (!p->type)
		p->type = "static";
	if (strlen(p->type) > PUBLISH_NAME_MAX)
		return EBADMSG;

	if (expires) {
		if (number(&s, expires, INT32_MAX))
			return EBADMSG;
		p->life_s = (int32_t)s;
	}
	else {
		p->life_s = PUBLISH_BOUND_S;
	}
	if (p->life_s && !strcasecmp(p->type, "static"))
		p->life_s = -1;

	return 0;
}


static int head_read(struct publication *p, const void *node)
{
	int64_t container;
	int err;

	p->name = xccos_node_attr(node, "categoryName");
	if (!str_isset(p->name) || strlen(p->name) > PUBLISH_NAME_MAX)
		return EBADMSG;

	err = number(&p->instance, xccos_node_attr(node, "instance"),
		     UINT32_MAX);
	if (!err)
		err = number(&container, xccos_node_attr(node, "container"),
			     INT32_MAX);
	if (!err)
		err = number(&p->version, xccos_node_attr(node, "version"),
			     UINT32_MAX);
	if (!err)
		err = life_read(p, node);
	if (!err)
		p->container = (int32_t)container;

	return err;
}


static bool url_handler(const void *node, void *arg)
{
	struct publication *p = arg;
	const char *name = xccos_node_attr(node, "name");
	uint8_t guid[GUID_SIZE];
	const char *text;
	struct pl uri;

	if (!name || strcmp(name, "url"))
		return false;

	text = xccos_node_text(node);
	if (text && !re_regex(text, strlen(text), "[^ \t\r\n]+", &uri) &&
	    !chaturi_decode(guid, CHATURI_ROOM, &uri))
		(void)guid_str(p->room, guid);

	return true;
}


static int body_read(struct publish *pub, struct publication *p,
		     const void *node)
{
	int err;

	p->pos = pub->mb->end;
	err = xccos_node_inner(pub->mb, node);
	if (err)
		return err;

	p->len = pub->mb->end - p->pos;
	if (p->len > PUBLISH_BODY_MAX)
		return E2BIG;

	if (!strcmp(p->name, "roomSetting"))
		xccos_node_each(node, "property", url_handler, p);

	return 0;
}


static bool publication_handler(const void *node, void *arg)
{
	struct reading *r = arg;
	struct publication *p = &r->pub->v[r->pub->n];

	if (r->pub->n == PUBLISH_MAX) {
		r->err = E2BIG;
		return true;
	}

	r->err = head_read(p, node);
	if (!r->err)
		r->err = body_read(r->pub, p, node);
	++r->pub->n;

	return r->err != 0;
}


static bool owner_handler(const void *node, void *arg)
{
	struct reading *r = arg;
	const char *uri = xccos_node_attr(node, "uri");
	char canon[CHATURI_SIZE];
	struct pl pl;

	pl_set_str(&pl, uri ? uri : r->user);
	if (useruri_canon(canon, sizeof(canon), &pl) ||
	    strcmp(canon, r->user))
		r->err = EACCES;

	return r->err != 0;
}


static int read_all(struct publish *pub, const struct pl *body,
		    const char *user)
{
	struct reading r = { .pub = pub, .user = user };

	r.err = xccos_decode_as(&pub->doc, body, "publish");
	if (r.err)
		return r.err;

	xccos_each(&pub->doc->primv[0], "publications", owner_handler, &r);
	if (!r.err)
		xccos_each(&pub->doc->primv[0], "publication",
			   publication_handler, &r);
	if (r.err)
		return r.err;

	return pub->n ? 0 : EBADMSG;
}


int publish_decode(struct publish **pubp, const struct pl *body,
		   const char *user)
{
	struct publish *pub = mem_zalloc(sizeof(*pub), destructor);
	int err = ENOMEM;

	if (!pub)
		return ENOMEM;

	pub->mb = mbuf_alloc(2048);
	if (pub->mb)
		err = read_all(pub, body, user);
	if (err)
		mem_deref(pub);
	else
		*pubp = pub;

	return err;
}


static void texts(struct db_args *args, const struct publish *pub,
		  void (*h)(struct pl *pl, const struct publish *pub,
			    const struct publication *p))
{
	struct pl v[PUBLISH_MAX];
	uint32_t i;

	for (i = 0; i < pub->n; i++)
		h(&v[i], pub, &pub->v[i]);
	db_textv(args, v, pub->n);
}


static void name_of(struct pl *pl, const struct publish *pub,
		    const struct publication *p)
{
	(void)pub;

	pl_set_str(pl, p->name);
}


static void type_of(struct pl *pl, const struct publish *pub,
		    const struct publication *p)
{
	(void)pub;

	pl_set_str(pl, p->type);
}


static void body_of(struct pl *pl, const struct publish *pub,
		    const struct publication *p)
{
	pl->p = (const char *)pub->mb->buf + p->pos;
	pl->l = p->len;
}


static void room_of(struct pl *pl, const struct publish *pub,
		    const struct publication *p)
{
	(void)pub;

	*pl = pl_null;
	if (p->room[0])
		pl_set_str(pl, p->room);
}


void publish_names(struct db_args *args, const struct publish *pub)
{
	texts(args, pub, name_of);
}


void publish_args(struct db_args *args, const struct publish *pub)
{
	int64_t instancev[PUBLISH_MAX], versionv[PUBLISH_MAX];
	int32_t containerv[PUBLISH_MAX], lifev[PUBLISH_MAX];
	uint32_t i;

	for (i = 0; i < pub->n; i++) {
		instancev[i] = pub->v[i].instance;
		versionv[i] = pub->v[i].version;
		containerv[i] = pub->v[i].container;
		lifev[i] = pub->v[i].life_s;
	}

	texts(args, pub, name_of);
	db_int8v(args, instancev, pub->n);
	db_int4v(args, containerv, pub->n);
	db_int8v(args, versionv, pub->n);
	texts(args, pub, type_of);
	db_int4v(args, lifev, pub->n);
	texts(args, pub, body_of);
	texts(args, pub, room_of);
}
