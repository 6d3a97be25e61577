/**
 * @file channel/invited.c  Invitations told: in a reply, and live
 */
#include <errno.h>
#include <stdlib.h>
#include <re.h>
#include "common/clock.h"
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "common/store/room.h"
#include "channel/xccos/emit.h"
#include "channel/xccos/tokens.h"
#include "channel/xccos/xccos.h"
#include "channel/chanib.h"
#include "channel/core.h"
#include "channel/endpoint.h"
#include "channel/invited.h"
#include "channel/user.h"

/* What "invitations" has after the columns of a room */
enum { INVITE_ID = 21, CREATED_ON, USER_ID };

enum { TOLD_MAX = 200 };       /* in a notification; the store's are less */

static uint64_t n_told;

static const struct stats_row rowv[] = {
	{ "invitations_told", &n_told, false,
	  "Invitations told to clients when they were made" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


int invited_write(struct mbuf *mb, const char *domain,
		  const struct db_res *res, uint32_t row)
{
	char ts[CLOCK_TS_SIZE];
	struct room_rec rec;
	int err;

	room_rec_read(&rec, res, row);

	err  = XW_LIT(mb, "<inv");
	err |= xw_attr_uint(mb, "inviteId",
			    (uint64_t)db_get_int(res, row, INVITE_ID));
	err |= xw_attr(mb, "domain", domain);
	err |= xw_attr(mb, XT_INV_CREATED,
		       clock_ts(ts, db_get_time(res, row, CREATED_ON)));
	err |= XW_LIT(mb, ">");
	if (err)
		return err;

	err = chanib_record(mb, domain, &rec, NULL);

	return err ? err : XW_LIT(mb, "</inv>");
}


/* -------------------------------------------------------------------- live */

static void tell(struct service *svc, const struct user *user,
		 const struct db_res *res, uint32_t row)
{
	struct mbuf *mb = mbuf_alloc(1024);
	struct le *le;

	if (!mb || xccos_ntc(mb, service_envid(svc), XT_NTC_INVITE) ||
	    invited_write(mb, svc->domain, res, row) || xccos_end(mb, "ntc"))
		goto out;

	for (le = list_head(&user->epl); le; le = le->next) {
		if (!endpoint_send(le->data, mb))
			++n_told;
	}

 out:
	mem_deref(mb);
}


static void rows_handler(int err, const struct db_res *res, void *arg)
{
	struct service *svc = arg;
	uint32_t i;

	if (err) {
		if (err != ECANCELED)
			log_warn("invited.read", "error=%d", err);
		return;
	}

	for (i = 0; i < db_rows(res); i++) {
		const struct user *user = user_find(svc->users,
						    db_get_int(res, i,
							       USER_ID));

		if (user)
			tell(svc, user, res, i);
	}
}


/* "user:invitation" of those who are signed in here */
static size_t parse(const struct service *svc, const char *payload,
		    int64_t *userv, int32_t *idv)
{
	const char *p = payload;
	size_t n = 0;

	while (*p && n < TOLD_MAX) {
		const struct user *user;
		char *end;

		userv[n] = strtoll(p, &end, 10);
		if (*end != ':')
			break;
		idv[n] = (int32_t)strtol(end + 1, &end, 10);
		user = user_find(svc->users, userv[n]);
		if (user && user->epl.head)
			++n;
		p = *end == ' ' ? end + 1 : end;
		if (*end && *end != ' ')
			break;
	}

	return n;
}


static void made_handler(const char *channel, const char *payload, void *arg)
{
	int64_t userv[TOLD_MAX];
	int32_t idv[TOLD_MAX];
	struct service *svc = arg;
	struct db_args args;
	size_t n;

	(void)channel;

	if (!svc->set.extended)
		return;

	n = parse(svc, payload, userv, idv);
	if (!n)
		return;

	db_args_init(&args);
	db_int8v(&args, userv, n);
	db_int4v(&args, idv, n);
	db_bool(&args, true);
	db_int4(&args, TOLD_MAX);
	(void)db_exec(svc->db_main, "invitations", &args, rows_handler, svc);
}


int invited_listen(struct service *svc)
{
	return db_listen(svc->db_main, "pchat_invite", made_handler, svc);
}
