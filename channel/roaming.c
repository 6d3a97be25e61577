/**
 * @file channel/roaming.c  A user's presence document: kept, and given back
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/chaturi.h"
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/sip/sub.h"
#include "channel/sip/uas.h"
#include "channel/core.h"
#include "channel/lookup.h"
#include "channel/publish.h"
#include "channel/roamers.h"
#include "channel/roaming.h"
#include "channel/signin.h"
#include "channel/user.h"

#define FAULT_TYPE   "application/msrtc-fault+xml"
#define PUBLISH_TYPE "application/msrtc-category-publish+xml"

enum { HEADROOM = 4096 };       /* of reply.size_max, for all but bodies    */

/** A request on its way */
struct roaming {
	struct service *svc;
	struct st *st;
	struct user *user;       /* reference                                */
	struct publish *pub;     /* NULL: to read                            */
	struct sub *sub;         /* reference, or NULL                       */
	struct roamer *roamer;   /* reference, or NULL                       */
};

static uint64_t n_read, n_published, n_conflicts, n_refused;

static const struct stats_row rowv[] = {
	{ "presence_read", &n_read, false,
	  "Presence documents that users asked for" },
	{ "presence_published", &n_published, false,
	  "Publications that were kept or removed" },
	{ "presence_conflicts", &n_conflicts, false,
	  "Requests to publish from another version than ours" },
	{ "presence_refused", &n_refused, false,
	  "Requests to publish that were wrong, or too much" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct roaming *ro = data;

	if (ro->st)
		st_reply(ro->st, 503, "Service Unavailable",
			 "Retry-After: 5\r\n");
	mem_deref(ro->user);
	mem_deref(ro->pub);
	mem_deref(ro->sub);
	if (ro->roamer)
		roamer_drop(ro->roamer);
	mem_deref(ro->roamer);
}


static void reply(struct roaming *ro, uint16_t code, const char *reason,
		  const char *extra, const char *ctype, const struct mbuf *mb)
{
	struct pl body = { .p = NULL, .l = 0 };

	if (mb) {
		body.p = (const char *)mb->buf;
		body.l = mb->end;
	}
	st_reply_body(ro->st, code, reason, extra, ctype, &body);
	ro->st = NULL;
}


/* ----------------------------------------------------------------- reading */

static int write_document(struct mbuf *mb, const struct roaming *ro,
			  const struct db_res *res)
{
	const char *namev[PUBLISH_MAX];
	uint32_t i, n = ro->pub ? ro->pub->n : 0;

	for (i = 0; i < n; i++)
		namev[i] = ro->pub->v[i].name;

	return roaming_write(mb, ro->user->uri, res, namev, n);
}


/* SIPE takes no document from a subscription that is said to be over, and
   looks for one only where there is a piggyback number */
static void answer(struct roaming *ro, const struct mbuf *mb)
{
	char *extra = NULL;

	if (ro->pub) {
		reply(ro, 200, "OK", NULL, ROAMING_TYPE, mb);
		return;
	}

	if (re_sdprintf(&extra, "Event: " ROAMING_EVENT "\r\n"
			"ms-piggyback-cseq: 1\r\n%s",
			ro->sub ? sub_fields(ro->sub) : "Expires: 0\r\n"))
		return;

	reply(ro, 200, "OK", extra, ROAMING_TYPE, mb);
	mem_deref(extra);
	if (ro->roamer)
		roamer_ready(ro->roamer);
	ro->roamer = mem_deref(ro->roamer);
}


static void read_handler(int err, const struct db_res *res, void *arg)
{
	struct roaming *ro = arg;
	struct mbuf *mb = mbuf_alloc(4096);

	if (!err && mb && !write_document(mb, ro, res))
		answer(ro, mb);

	mem_deref(mb);
	mem_deref(ro);
}


/* All of the categories that were published to, not only what was published:
   SIPE takes what it is told of a category for all there is */
static int read_back(struct roaming *ro)
{
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, ro->user->id);
	if (ro->pub)
		publish_names(&args, ro->pub);
	else
		db_null(&args);

	return db_exec(ro->svc->db_main, "presence_read", &args,
		       read_handler, ro);
}


/* -------------------------------------------------------------- publishing */

static void conflict(struct roaming *ro, const struct db_res *res)
{
	struct mbuf *mb = mbuf_alloc(512);

	++n_conflicts;
	if (mb && !roaming_write_fault(mb, ro->pub, res))
		reply(ro, 409, "Conflict", NULL, FAULT_TYPE, mb);

	mem_deref(mb);
}


static void refuse(struct roaming *ro, const char *user, int err)
{
	static const struct {
		int err;
		uint16_t code;
		const char *reason;
	} whyv[] = {
		{ EACCES,  403, "Not Your Own" },
		{ EBADMSG, 400, "Bad Publication" },
		{ E2BIG,   413, "Too Many Publications" },
	};
	size_t i;

	++n_refused;
	log_info("presence.refused", "user=%s error=\"%m\"", user, err);
	for (i = 0; i < ARRAY_SIZE(whyv); i++) {
		if (err == whyv[i].err)
			reply(ro, whyv[i].code, whyv[i].reason, NULL, NULL,
			      NULL);
	}
}


static void publish_handler(int err, const struct db_res *res, void *arg)
{
	struct roaming *ro = arg;

	if (!err && db_rows(res)) {
		if (db_get_int(res, 0, 0))
			conflict(ro, res);
		else
			refuse(ro, ro->user->uri, E2BIG);
	}
	else if (!err) {
		n_published += ro->pub->n;
		if (!read_back(ro))
			return;
	}

	mem_deref(ro);
}


static int publish(struct roaming *ro)
{
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, ro->user->id);
	publish_args(&args, ro->pub);
	db_int4(&args, PUBLISH_KEPT_MAX);
	db_int4(&args, (int32_t)(ro->svc->set.reply_max - HEADROOM));

	return db_exec(ro->svc->db_main, "presence_publish", &args,
		       publish_handler, ro);
}


/* -------------------------------------------------------------- both of them */

/* Kept before it is read: what changes meanwhile is told */
static int subscribe(struct roaming *ro)
{
	int err = 0;

	if (ro->sub)
		err = roamers_add(&ro->roamer, ro->svc->roamers, ro->sub,
				  ro->user);

	return err ? err : read_back(ro);
}



static void lookup_handler(int err, const struct lookup *found, void *arg)
{
	struct roaming *ro = arg;

	if (!err && found->allowed) {
		ro->user = mem_ref(found->user);
		if (!(ro->pub ? publish(ro) : subscribe(ro)))
			return;
	}
	else if (!err || err == ENOENT) {
		refuse(ro, "-", EACCES);
	}

	mem_deref(ro);
}


/* err: what was found wrong with the request before */
static void start(struct st *st, const char *user, const struct pl *to,
		  struct publish *pub, struct sub *sub, int err,
		  struct service *svc)
{
	struct roaming *ro = mem_zalloc(sizeof(*ro), destructor);
	char target[CHATURI_SIZE];

	if (!ro) {
		mem_deref(pub);
		st_reply(st, 500, "Server Internal Error", NULL);
		return;
	}

	ro->svc = svc;
	ro->pub = pub;
	ro->sub = mem_ref(sub);
	ro->st = st_hold(st);
	if (!err && (useruri_canon(target, sizeof(target), to) ||
		     strcmp(target, user)))
		err = EACCES;
	if (err && ro->st)
		refuse(ro, user, err);
	else if (ro->st && !lookup_start(svc, user, lookup_handler, ro))
		return;

	mem_deref(ro);
}


void roaming_subscribe(struct st *st, const struct uas_subscribe *sub,
		       void *arg)
{
	++n_read;
	start(st, sub->user, &sub->to, NULL, sub->sub, 0, arg);
}


void roaming_service(struct st *st, const struct uas_service *req, void *arg)
{
	struct publish *pub = NULL;
	int err;

	if (signin_limited(arg, st, req->user))
		return;

	if (pl_strcasecmp(&req->ctype, PUBLISH_TYPE)) {
		st_reply(st, 415, "Unsupported Media Type",
			 "Accept: " PUBLISH_TYPE "\r\n");
		return;
	}

	err = publish_decode(&pub, &req->body, req->user);
	start(st, req->user, &req->to, pub, NULL, err, arg);
}
