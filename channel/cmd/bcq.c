/**
 * @file channel/cmd/bcq.c  The conditions of a history query
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <re.h>
#include "common/chaturi.h"
#include "common/clock.h"
#include "common/db/db.h"
#include "common/limits.h"
#include "common/utf8.h"
#include "channel/cmd/bcq.h"
#include "channel/xccos/xccos.h"

/* Where a condition may stand: an attribute of its element, the text of an
   element, an attribute of bcq */
struct place {
	const char *elem, *attr, *name;
};

static const struct place p_text   = { NULL,     NULL,        "text"        };
static const struct place p_match  = { "text",   "mt",        "mt"          };
static const struct place p_case   = { "text",   "matchcase", "matchcase"   };
static const struct place p_from   = { "date",   "from",      "from"        };
static const struct place p_to     = { "date",   "to",        "to"          };
static const struct place p_msgid  = { "msgid",  "id",        "msgid"       };
static const struct place p_author = { "author", "uri",       "author"      };
static const struct place p_limit  = { "limit",  "cnt",       "limit"       };
static const struct place p_last   = { "last",   "cnt",       "last"        };
static const struct place p_back   = { "searchbkwds", "value", "searchbkwds" };
static const struct place p_sort   = { "sortbkwds",   "value", "sortbkwds"   };


static const char *find(const struct xccos_prim *prim, const struct place *p)
{
	const char *v = NULL;

	if (p->elem)
		v = xccos_attr(prim, p->elem, p->attr);
	if (!str_isset(v))
		v = xccos_text(prim, p->name);
	if (!str_isset(v))
		v = xccos_attr(prim, "bcq", p->name);

	return str_isset(v) ? v : NULL;
}


static bool flag(const struct xccos_prim *prim, const struct place *p,
		 bool dflt)
{
	const char *v = find(prim, p);

	return v ? xccos_bool(v) : dflt;
}


static int read_text(struct bcq *q, const struct xccos_prim *prim)
{
	const char *v = find(prim, &p_text);
	const char *mt = find(prim, &p_match);
	struct pl pl;

	if (!v)
		return 0;

	pl_set_str(&pl, v);
	while (pl.l && strchr(" \t\r\n", pl.p[0]))
		pl_advance(&pl, 1);
	while (pl.l && strchr(" \t\r\n", pl.p[pl.l - 1]))
		--pl.l;
	if (!pl.l)
		return 0;
	if (utf8_countn(pl.p, pl.l) > LIMIT_SEARCH)
		return EINVAL;

	if (mt && !strcasecmp(mt, "ALL"))
		q->match = BCQ_ALL;
	else if (mt && (!strcasecmp(mt, "PHRASE") || !strcasecmp(mt, "EXACT")))
		q->match = BCQ_PHRASE;
	q->matchcase = flag(prim, &p_case, false);

	return pl_strdup(&q->text, &pl);
}


static int read_date(int64_t *usp, const struct xccos_prim *prim,
		     const struct place *p)
{
	const char *v = find(prim, p);
	struct pl pl;

	if (!v)
		return 0;

	pl_set_str(&pl, v);

	return clock_ts_decode(usp, &pl) ? EINVAL : 0;
}


/* A time in whole seconds ends with its second */
static int read_dates(struct bcq *q, const struct xccos_prim *prim)
{
	const char *to = find(prim, &p_to);
	int err;

	q->from_us = INT64_MIN;
	q->to_us = INT64_MAX;

	err = read_date(&q->from_us, prim, &p_from);
	if (!err)
		err = read_date(&q->to_us, prim, &p_to);
	if (!err && to && !strchr(to, '.'))
		q->to_us += 999999;

	return err;
}


static int read_number(int64_t *np, const struct xccos_prim *prim,
		       const struct place *p)
{
	const char *v = find(prim, p);
	char *end;

	*np = 0;
	if (!v)
		return 0;

	errno = 0;
	*np = strtoll(v, &end, 10);

	return errno || *end || *np < 0 ? EINVAL : 0;
}


/* Whoever is no user of anybody's has written nothing: he stays in the list
   so that it is not empty */
static void add_author(struct bcq *q, const char *uri)
{
	char *buf;
	struct pl pl;

	if (q->authorc == BCQ_AUTHORS_MAX) {
		q->err = E2BIG;
		return;
	}

	buf = q->authorbuf[q->authorc];
	pl_set_str(&pl, uri);
	if (useruri_canon(buf, sizeof(q->authorbuf[0]), &pl))
		buf[0] = '\0';
	pl_set_str(&q->authorv[q->authorc++], buf);
}


static bool author_handler(const void *node, void *arg)
{
	const char *uri = xccos_node_attr(node, p_author.attr);

	if (!str_isset(uri))
		uri = xccos_node_text(node);
	if (str_isset(uri))
		add_author(arg, uri);

	return false;
}


static int read_authors(struct bcq *q, const struct xccos_prim *prim)
{
	const char *attr = xccos_attr(prim, "bcq", p_author.name);

	xccos_each(prim, p_author.elem, author_handler, q);
	if (str_isset(attr))
		add_author(q, attr);

	return q->err;
}


/* Windows and words bound the result by themselves */
static int read_limit(struct bcq *q, const struct xccos_prim *prim,
		      uint32_t count)
{
	const bool bounded = q->text || q->authorc || q->from_us != INT64_MIN;
	int64_t n;
	int err;

	err = read_number(&n, prim, &p_limit);
	if (!err && !n)
		err = read_number(&n, prim, &p_last);
	if (!err && !n)
		n = bounded ? BCQ_COUNT_MAX : count;
	q->limit = (uint32_t)(n > BCQ_COUNT_MAX ? BCQ_COUNT_MAX : n);

	return err;
}


static void destructor(void *data)
{
	struct bcq *q = data;

	mem_deref(q->text);
}


int bcq_decode(struct bcq **qp, const struct xccos_prim *prim, uint32_t count)
{
	struct bcq *q;
	int err;

	if (!qp || !prim || !count)
		return EINVAL;

	q = mem_zalloc(sizeof(*q), destructor);
	if (!q)
		return ENOMEM;

	err = read_text(q, prim);
	if (!err)
		err = read_dates(q, prim);
	if (!err)
		err = read_number(&q->msgid, prim, &p_msgid);
	if (!err)
		err = read_authors(q, prim);
	if (!err)
		err = read_limit(q, prim, count);
	q->backwards = flag(prim, &p_back, true);
	q->sort_backwards = flag(prim, &p_sort, false);

	if (err)
		mem_deref(q);
	else
		*qp = q;

	return err;
}


void bcq_last(struct bcq *q, uint32_t limit)
{
	memset(q, 0, sizeof(*q));
	q->from_us = INT64_MIN;
	q->to_us = INT64_MAX;
	q->limit = limit;
	q->backwards = true;
}


void bcq_args(struct db_args *args, const struct bcq *q)
{
	db_text(args, q->text);
	db_int4(args, q->match);
	db_bool(args, q->matchcase);
	if (q->authorc)
		db_textv(args, q->authorv, q->authorc);
	else
		db_null(args);
	db_time(args, q->from_us);
	db_time(args, q->to_us);
	if (q->msgid)
		db_int8(args, q->msgid);
	else
		db_null(args);
	db_bool(args, q->backwards);
	db_int4(args, (int32_t)q->limit);
}


bool bcq_asked(const struct xccos_prim *prim)
{
	static const struct place *const placev[] = {
		&p_text, &p_from, &p_to, &p_msgid, &p_author, &p_limit,
		&p_back, &p_sort,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(placev); i++) {
		if (find(prim, placev[i]))
			return true;
	}

	return false;
}


static bool count_handler(const void *node, void *arg)
{
	uint32_t *n = arg;

	(void)node;

	return ++*n > 1;
}


bool bcq_issearch(const struct xccos_prim *prim)
{
	uint32_t rooms = 0;

	xccos_each(prim, "chanib", count_handler, &rooms);

	return rooms != 1 || find(prim, &p_text) || find(prim, &p_author);
}
