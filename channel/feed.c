/**
 * @file channel/feed.c  Looks through what is said, tells what was found
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/chaturi.h"
#include "common/db/db.h"
#include "common/stats.h"
#include "channel/cmd/table.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/feed.h"
#include "channel/step.h"
#include "channel/user.h"
#include "channel/xccos/emit.h"
#include "channel/xccos/tokens.h"
#include "channel/xccos/xccos.h"

enum {
	REST_MS  = 500,        /* when all was looked at                     */
	AGAIN_MS = 10,         /* more messages wait                         */
	MESSAGES = 500,
	KEPT     = 200,        /* finds of a watch                           */
	ROWS     = 200,        /* told at a time                             */
	COL_ID   = 8, COL_USER, COL_WATCH, COL_KIND, COL_ROOM,
};

struct feed {
	struct service *svc;
	struct tmr tmr_tell;
	struct list listenl;   /* endpoints that are told                    */
	int64_t after;         /* all of them know what is up to there       */
	bool reading;
	bool again;            /* more was found while it was read           */
};

static uint64_t n_looked, n_told;

static const struct stats_row rowv[] = {
	{ "feed_messages", &n_looked, false,
	  "Messages in which this process looked for what is watched" },
	{ "feed_notices", &n_told, false,
	  "Notices of what a watch found" },
};

static const char *const kindv[] = { NULL, "topic", "ego" };


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct feed *feed = data;

	tmr_cancel(&feed->tmr_tell);
	list_clear(&feed->listenl);
}


int feed_alloc(struct feed **feedp, struct service *svc)
{
	struct feed *feed = mem_zalloc(sizeof(*feed), destructor);

	if (!feed)
		return ENOMEM;

	feed->svc = svc;
	feed->after = INT64_MAX;
	*feedp = feed;

	return 0;
}


const char *feed_kind_name(int64_t kind)
{
	return kind > 0 && kind < (int64_t)ARRAY_SIZE(kindv) ? kindv[kind] :
	       NULL;
}


int feed_kind(const char *name)
{
	int i;

	for (i = 1; name && i < (int)ARRAY_SIZE(kindv); i++) {
		if (!strcmp(kindv[i], name))
			return i;
	}

	return 0;
}


/* --------------------------------------------------------------- looking */

static void arguments(struct db_args *args, const struct step *step)
{
	(void)step;

	db_int4(args, MESSAGES);
	db_int4(args, KEPT);
}


static uint32_t done(struct step *step, const struct db_res *res)
{
	const int64_t passed = db_get_int(res, 0, 0);

	(void)step;

	n_looked += (uint64_t)passed;

	return passed >= MESSAGES ? AGAIN_MS : REST_MS;
}


const struct step_job feed_job = { "feed_step", REST_MS, arguments, done };


/* --------------------------------------------------------------- telling */

int64_t feed_row_id(const struct db_res *res, uint32_t row)
{
	return db_get_int(res, row, COL_ID);
}


int feed_write_item(struct mbuf *mb, const struct service *svc,
		    const struct db_res *res, uint32_t row)
{
	char uri[CHATURI_SIZE];
	int err;

	err = chaturi_print(uri, sizeof(uri), CHATURI_ROOM, svc->domain,
			    db_get_uuid(res, row, COL_ROOM));
	if (err)
		return err;

	err  = XW_LIT(mb, "<" XT_FEED_ITEM);
	err |= xw_attr_uint(mb, "id", (uint64_t)feed_row_id(res, row));
	err |= xw_attr_uint(mb, XT_WATCH,
			    (uint64_t)db_get_int(res, row, COL_WATCH));
	err |= xw_attr(mb, XT_WATCH_KIND,
		       feed_kind_name(db_get_int(res, row, COL_KIND)));
	err |= XW_LIT(mb, ">");
	if (err)
		return err;

	err = cmd_write_message(mb, uri, res, row);
	if (!err)
		err = XW_LIT(mb, "</" XT_FEED_ITEM ">");

	return err;
}


/* @return 0 also when the dialog is over */
static int notice(struct endpoint *ep, const struct db_res *res, uint32_t row)
{
	struct mbuf *mb = mbuf_alloc(1024);
	int err = mb ? 0 : ENOMEM;

	if (!err)
		err = xccos_ntc(mb, service_envid(ep->svc), XT_NTC_FEED);
	if (!err)
		err = feed_write_item(mb, ep->svc, res, row);
	if (!err)
		err = xccos_end(mb, "ntc");
	if (!err)
		err = endpoint_send(ep, mb);
	n_told += !err;
	mem_deref(mb);

	return err == ENOTCONN ? 0 : err;
}


static int tell_row(struct feed *feed, const struct db_res *res, uint32_t row)
{
	const int64_t id = feed_row_id(res, row);
	const int64_t user = db_get_int(res, row, COL_USER);
	struct le *le;

	for (le = feed->listenl.head; le; le = le->next) {
		struct endpoint *ep = le->data;
		int err;

		if (ep->user->id != user || ep->feed_after >= id)
			continue;
		err = notice(ep, res, row);
		if (err)
			return err;
		ep->feed_after = id;
	}
	feed->after = max(feed->after, id);

	return 0;
}


static void tell_handler(void *arg)
{
	feed_look(arg);
}


static void read_handler(int err, const struct db_res *res, void *arg)
{
	struct feed *feed = arg;
	uint32_t i, n = err ? 0 : db_rows(res);

	if (err == ECANCELED)
		return;

	feed->reading = false;
	for (i = 0; !err && i < n; i++)
		err = tell_row(feed, res, i);

	if (err)
		tmr_start(&feed->tmr_tell, REST_MS, tell_handler, feed);
	else if (feed->again || n == ROWS)
		feed_look(feed);
}


/* The users of all that are told; one with two endpoints here counts twice */
static int ask(struct feed *feed)
{
	const size_t max = list_count(&feed->listenl);
	int64_t *userv = mem_alloc(max * sizeof(*userv), NULL);
	const struct le *le = feed->listenl.head;
	struct db_args args;
	size_t n = 0;

	if (!userv)
		return ENOMEM;

	for (; le; le = le->next)
		userv[n++] = ((const struct endpoint *)le->data)->user->id;

	db_args_init(&args);
	db_int8v(&args, userv, n);
	db_int8(&args, feed->after);
	db_int4(&args, ROWS);
	mem_deref(userv);

	return db_exec(feed->svc->db_main, "feed_read", &args, read_handler,
		       feed);
}


void feed_look(struct feed *feed)
{
	feed->again = feed->reading;
	if (feed->reading)
		return;

	if (!feed->listenl.head)
		feed->after = INT64_MAX;
	else if (ask(feed))
		tmr_start(&feed->tmr_tell, REST_MS, tell_handler, feed);
	else
		feed->reading = true;
}


void feed_listen(struct feed *feed, struct endpoint *ep, int64_t after)
{
	if (!feed->listenl.head)
		feed->after = INT64_MAX;
	if (!ep->le_feed.list)
		list_append(&feed->listenl, &ep->le_feed, ep);

	ep->feed_after = after;
	feed->after = min(feed->after, after);
	feed_look(feed);
}


static void found_handler(const char *channel, const char *payload, void *arg)
{
	(void)channel;
	(void)payload;

	feed_look(arg);
}


int feed_open(struct feed *feed)
{
	return db_listen(feed->svc->db_main, "pchat_feed", found_handler,
			 feed);
}
