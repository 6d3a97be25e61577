/**
 * @file channel/invite.c  Makes invitations, behind what put people on lists
 */
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "channel/invite.h"
#include "channel/step.h"

enum {
	REST_MS  = 400,        /* when all was done                          */
	AGAIN_MS = 20,         /* work is left                               */
	SHARE    = 4,          /* and rests for so many times what it took:
	                          posts come first                          */
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

/* Of state: was said already */
enum { SAID_MANY = 1, SAID_FULL = 2 };


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


/* Said when it begins, not with each step */
static void warn(struct step *step, const struct db_res *res)
{
	const bool many = n_stored > (uint64_t)db_get_int(res, 0, WARN_ABOVE);
	const bool full = db_get_int(res, 0, REFUSED) != 0;

	if (many && !(step->state & SAID_MANY))
		log_warn("invite.many", "invitations=%llu warning=%lld",
			 (unsigned long long)n_stored,
			 (long long)db_get_int(res, 0, WARN_ABOVE));
	if (full && !(step->state & SAID_FULL))
		log_warn("invite.full", "invitations=%llu limit=%lld",
			 (unsigned long long)n_stored,
			 (long long)db_get_int(res, 0, CEILING));

	step->state = (many ? SAID_MANY : 0) | (full ? SAID_FULL : 0);
}


static void arguments(struct db_args *args, const struct step *step)
{
	(void)step;

	db_int4(args, USERS);
}


static uint32_t done(struct step *step, const struct db_res *res)
{
	const uint32_t took_ms = (uint32_t)(tmr_jiffies() - step->began_ms);

	n_made    += (uint64_t)db_get_int(res, 0, MADE);
	n_refused += (uint64_t)db_get_int(res, 0, REFUSED);
	n_stored   = (uint64_t)db_get_int(res, 0, STORED);
	n_entries  = (uint64_t)db_get_int(res, 0, ENTRIES);
	warn(step, res);

	return db_get_bool(res, 0, MORE) ?
		max(SHARE * took_ms, (uint32_t)AGAIN_MS) : REST_MS;
}


const struct step_job invite_job = {
	"invite_step", REST_MS, arguments, done
};
