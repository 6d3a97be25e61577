/**
 * @file channel/invite.c  Makes invitations, behind what put people on lists
 */
#include <errno.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/core.h"
#include "channel/invite.h"

enum {
	REST_MS  = 400,        /* when all was done, or another works        */
	AGAIN_MS = 20,         /* work is left                               */
	SHARE    = 4,          /* and rests for so many times what it took:
	                          posts come first                          */
	ERROR_MS = 5000,
	USERS    = 100,        /* looked at in one go                        */
};

/* What invite_step tells */
enum { MADE, REFUSED, MORE, STORED, ENTRIES, CEILING, WARN_ABOVE };

static uint64_t n_made, n_refused, n_stored, n_entries;

static const struct stats_row rowv[] = {
	{ "invitations_made",    &n_made,    false,
	  "Invitations that this process made" },
	{ "invitations_refused", &n_refused, false,
	  "Invitations not made: InvitationLimit is reached" },
	{ "invitations",         &n_stored,  true,
	  "Invitations in the pool" },
	{ "access_entries",      &n_entries, true,
	  "Entries of all lists of rooms and categories in the pool" },
};

static void step(void *arg);


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void later(struct service *svc, uint32_t ms)
{
	tmr_start(&svc->tmr_invite, ms + rand_u16() % (ms / 5 + 1), step,
		  svc);
}


/* Said when it begins, not with each step */
static void warn(struct service *svc, const struct db_res *res)
{
	const bool many = n_stored > (uint64_t)db_get_int(res, 0, WARN_ABOVE);
	const bool full = db_get_int(res, 0, REFUSED) != 0;

	if (many && !svc->invites_many)
		log_warn("invite.many", "invitations=%llu warning=%lld",
			 (unsigned long long)n_stored,
			 (long long)db_get_int(res, 0, WARN_ABOVE));
	if (full && !svc->invites_full)
		log_warn("invite.full", "invitations=%llu limit=%lld",
			 (unsigned long long)n_stored,
			 (long long)db_get_int(res, 0, CEILING));

	svc->invites_many = many;
	svc->invites_full = full;
}


static void step_handler(int err, const struct db_res *res, void *arg)
{
	struct service *svc = arg;
	const uint32_t took_ms = (uint32_t)(tmr_jiffies() - svc->invite_ms);

	if (err == ECANCELED)
		return;
	if (err || !db_rows(res)) {
		log_warn("invite.step", "error=%d", err);
		later(svc, ERROR_MS);
		return;
	}

	n_made    += (uint64_t)db_get_int(res, 0, MADE);
	n_refused += (uint64_t)db_get_int(res, 0, REFUSED);
	n_stored   = (uint64_t)db_get_int(res, 0, STORED);
	n_entries  = (uint64_t)db_get_int(res, 0, ENTRIES);
	warn(svc, res);
	later(svc, !db_get_bool(res, 0, MORE) ? REST_MS :
	      max(SHARE * took_ms, (uint32_t)AGAIN_MS));
}


static void step(void *arg)
{
	struct service *svc = arg;
	struct db_args args;

	svc->invite_ms = tmr_jiffies();
	db_args_init(&args);
	db_int4(&args, USERS);
	if (db_exec(svc->db_index, "invite_step", &args, step_handler, svc))
		later(svc, REST_MS);
}


void invite_start(struct service *svc)
{
	later(svc, REST_MS);
}


void invite_stop(struct service *svc)
{
	tmr_cancel(&svc->tmr_invite);
}
