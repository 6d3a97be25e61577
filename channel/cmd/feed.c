/**
 * @file channel/cmd/feed.c  getwatches, setwatch, delwatch, getfeed
 *
 * What a user watches for in the rooms that he follows, and what was found.
 * The spelling is ours: deploy/xccos-extensions.md.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/conf.h"
#include "common/db/db.h"
#include "common/limits.h"
#include "common/stats.h"
#include "common/utf8.h"
#include "channel/cmd/table.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/feed.h"
#include "channel/user.h"
#include "channel/xccos/emit.h"
#include "channel/xccos/tokens.h"
#include "channel/xccos/xccos.h"

enum {
	WATCHES_MAX = 20,            /* per user                             */
	TERMS_MAX   = 20,            /* per watch                            */
	ITEMS_MAX   = 100,           /* of a reply                           */
	ENVELOPE    = 1024,
};

static uint64_t n_over;

static const struct stats_row rowv[] = {
	{ "watches_refused", &n_over, false,
	  "Watches beyond what a user may have" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static const char *watch_attr(const struct cmd *cmd, const char *name)
{
	return xccos_attr(cmd->prim, XT_WATCH, name);
}


/* -1: missing, or no number */
static int64_t number(const char *s)
{
	char *end;
	int64_t n;

	if (!s || *s < '0' || *s > '9')
		return -1;

	n = strtoll(s, &end, 10);

	return *end ? -1 : n;
}


static int write_watch(struct mbuf *mb, int64_t id, int64_t kind,
		       const char *words)
{
	int err;

	err  = XW_LIT(mb, "<" XT_WATCH);
	err |= xw_attr_uint(mb, "id", (uint64_t)id);
	err |= xw_attr_opt(mb, XT_WATCH_KIND, feed_kind_name(kind));
	err |= xw_attr_opt(mb, XT_WATCH_WORDS, words);
	err |= XW_LIT(mb, "/>");

	return err;
}


static int write_row(struct cmd *cmd, const struct db_res *res, uint32_t row)
{
	return write_watch(cmd->mb, db_get_int(res, row, 0),
			   db_get_int(res, row, 1),
			   db_get_text(res, row, 2).p);
}


static void list_handler(int err, const struct db_res *res, void *arg)
{
	cmd_reply_rows(arg, err, res, write_row);
}


int cmd_getwatches(struct cmd *cmd)
{
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, cmd->ep->user->id);

	return db_exec(cmd->svc->db_main, "watch_list", &args, list_handler,
		       cmd) ? EBUSY : 0;
}


/* ------------------------------------------------------------ set, delete */

static void set_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;
	int64_t id = 0;

	if (err)
		err = EBUSY;
	else if (!db_rows(res) || db_isnull(res, 0, 0))
		err = ENOENT;
	else
		id = db_get_int(res, 0, 0);
	if (!err && !id) {
		++n_over;
		err = EDQUOT;
	}
	if (!err && id < 0)
		err = EINVAL;

	if (!err)
		err = cmd_reply_begin(cmd, 0);
	if (!err)
		err = write_watch(cmd->mb, id,
				  feed_kind(watch_attr(cmd, XT_WATCH_KIND)),
				  watch_attr(cmd, XT_WATCH_WORDS));

	cmd_end(cmd, err);
}


static int check_words(int kind, const char *words)
{
	const char *p;
	unsigned terms = 1;

	if (!kind)
		return EINVAL;
	if (feed_kind("ego") == kind)
		return 0;
	if (!words || strspn(words, ", \t\r\n") == strlen(words))
		return EINVAL;

	for (p = words; (p = strchr(p, ',')); p++)
		++terms;

	return terms > TERMS_MAX || utf8_count(words) > LIMIT_WATCH ? E2BIG : 0;
}


int cmd_setwatch(struct cmd *cmd)
{
	const char *words = watch_attr(cmd, XT_WATCH_WORDS);
	const char *id = watch_attr(cmd, "id");
	const int kind = feed_kind(watch_attr(cmd, XT_WATCH_KIND));
	struct db_args args;
	int err;

	err = check_words(kind, words);
	if (err)
		return err;

	db_args_init(&args);
	db_int8(&args, cmd->ep->user->id);
	if (id)
		db_int8(&args, number(id));
	else
		db_null(&args);
	db_int4(&args, kind);
	db_text(&args, words ? words : "");
	db_int4(&args, WATCHES_MAX);

	return db_exec(cmd->svc->db_main, "watch_set", &args, set_handler,
		       cmd) ? EBUSY : 0;
}


static void delete_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;

	if (err)
		err = EBUSY;
	else if (!db_rows(res))
		err = ENOENT;
	if (!err)
		err = cmd_reply_begin(cmd, 0);
	if (!err)
		err = write_watch(cmd->mb, db_get_int(res, 0, 0), 0, NULL);

	cmd_end(cmd, err);
}


int cmd_delwatch(struct cmd *cmd)
{
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, cmd->ep->user->id);
	db_int8(&args, number(watch_attr(cmd, "id")));

	return db_exec(cmd->svc->db_main, "watch_delete", &args,
		       delete_handler, cmd) ? EBUSY : 0;
}


/* ------------------------------------------------------------------ items */

struct page {
	int64_t after, last;
	uint32_t max, rows;
	bool more;
};


/* What fits, and whether that is all */
static int write_items(struct mbuf *mb, struct page *page,
		       const struct cmd *cmd, const struct db_res *res)
{
	const uint32_t n = db_rows(res);
	size_t end;
	int err = 0;

	for (; !err && page->rows < n && page->rows < page->max;
	     ++page->rows) {
		end = mb->end;
		err = feed_write_item(mb, cmd->svc, res, page->rows);
		if (err || mb->end + ENVELOPE <= cmd->svc->set.reply_max) {
			page->after = feed_row_id(res, page->rows);
			continue;
		}
		mb->pos = mb->end = end;
		break;
	}

	page->more = page->rows < n;
	if (!page->more)
		page->after = max(page->after, page->last);

	return err;
}


static int write_page(struct cmd *cmd, const struct mbuf *items,
		      const struct page *page, bool listen)
{
	struct mbuf *mb = cmd->mb;
	int err;

	err  = XW_LIT(mb, "<" XT_FEED);
	err |= xw_attr_uint(mb, XT_FEED_LAST, (uint64_t)page->after);
	err |= xw_attr_bool(mb, XT_MORE, page->more);
	err |= xw_attr_bool(mb, XT_FEED_LISTEN, listen);
	err |= XW_LIT(mb, ">");
	err |= xw_put(mb, items->buf, items->end);
	err |= XW_LIT(mb, "</" XT_FEED ">");

	return err;
}


static void read_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;
	struct page *page = cmd->state;
	struct endpoint *ep = mem_ref(cmd->ep);
	const bool listen = config_bool(cmd->svc->conf, "notices.feeds") &&
		xccos_bool(xccos_attr(cmd->prim, XT_FEED, XT_FEED_LISTEN));
	struct mbuf *items = mbuf_alloc(1024);
	int64_t after = 0;

	if (err)
		err = EBUSY;
	else if (!items)
		err = ENOMEM;
	if (!err)
		err = write_items(items, page, cmd, res);
	if (!err)
		err = cmd_reply_begin(cmd, 0);
	if (!err)
		err = write_page(cmd, items, page, listen);

	after = page->after;
	cmd_end(cmd, err);
	if (!err && listen && ep->dlg)
		feed_listen(ep->svc->feed, ep, after);
	mem_deref(items);
	mem_deref(ep);
}


static int read_after(struct cmd *cmd)
{
	struct page *page = cmd->state;
	const int64_t me = cmd->ep->user->id;
	struct db_args args;

	db_args_init(&args);
	db_int8v(&args, &me, 1);
	db_int8(&args, page->after);
	db_int4(&args, (int32_t)page->max + 1);

	return db_exec(cmd->svc->db_main, "feed_read", &args, read_handler,
		       cmd) ? EBUSY : 0;
}


/* What is found later has a larger number than this */
static void last_handler(int err, const struct db_res *res, void *arg)
{
	struct cmd *cmd = arg;
	struct page *page = cmd->state;

	if (err) {
		cmd_fail(cmd, EBUSY);
		return;
	}

	page->last = db_get_int(res, 0, 0);
	if (page->after < 0)
		page->after = page->last;
	if (read_after(cmd))
		cmd_fail(cmd, EBUSY);
}


int cmd_getfeed(struct cmd *cmd)
{
	const int64_t cnt = number(xccos_attr(cmd->prim, XT_FEED, "cnt"));
	struct page *page = mem_zalloc(sizeof(*page), NULL);
	struct db_args args;

	if (!page)
		return ENOMEM;

	cmd->state = page;
	page->after = number(xccos_attr(cmd->prim, XT_FEED, XT_FEED_AFTER));
	page->max = cnt > 0 && cnt < ITEMS_MAX ? (uint32_t)cnt : ITEMS_MAX;
	db_args_init(&args);

	return db_exec(cmd->svc->db_main, "feed_last", &args, last_handler,
		       cmd) ? EBUSY : 0;
}
