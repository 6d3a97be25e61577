/**
 * @file compliance/lag.c  How far the archive is behind
 */
#include <errno.h>
#include <re.h>
#include "common/clock.h"
#include "common/db/db.h"
#include "common/log.h"
#include "common/stats.h"
#include "compliance/lag.h"

enum { PERIOD_MS = 5000 };

struct lag {
	struct db *staging, *store;
	uint64_t alarm_s, closed_s;
	int64_t oldest_us;         /* INT64_MAX: nothing waits       */
	bool enabled, alarm, closed;
	bool busy;
	struct tmr tmr;
};

static uint64_t n_oldest_s, n_alarm, n_closed;

static const struct stats_row rowv[] = {
	{ "archive_oldest_s", &n_oldest_s, true,
	  "Age of the oldest event that is not in the archives" },
	{ "archive_alarm", &n_alarm, true,
	  "1: it is older than ComplianceLagAlarm allows" },
	{ "archive_closed", &n_closed, true,
	  "1: posts are refused, it is older than ComplianceFailClosed" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct lag *l = data;

	tmr_cancel(&l->tmr);
}


static bool beyond(uint64_t age_s, uint64_t limit_s)
{
	return limit_s && age_s > limit_s;
}


static void tell(struct lag *l)
{
	struct db_args args;

	db_args_init(&args);
	db_bool(&args, l->closed);
	if (l->oldest_us == INT64_MAX)
		db_null(&args);
	else
		db_time(&args, l->oldest_us);

	(void)db_exec(l->store, "compliance_state_set", &args, NULL, NULL);
}


static void judge(struct lag *l)
{
	const uint64_t age_s = lag_oldest_s(l);
	const bool alarm = beyond(age_s, l->alarm_s);
	const bool closed = beyond(age_s, l->closed_s);

	if (alarm != l->alarm)
		log_msg(alarm ? LOG_ERR : LOG_INFO, alarm ? "archive.behind" :
			"archive.caught_up", "oldest_s=%llu",
			(unsigned long long)age_s);
	if (closed != l->closed)
		log_msg(closed ? LOG_ERR : LOG_INFO, closed ? "archive.closed"
			: "archive.open", "oldest_s=%llu",
			(unsigned long long)age_s);

	l->alarm  = alarm;
	l->closed = closed;
	n_oldest_s = age_s;
	n_alarm  = alarm;
	n_closed = closed;

	tell(l);
}


static void store_handler(int err, const struct db_res *res, void *arg)
{
	struct lag *l = arg;

	l->busy = false;
	if (err || !l->enabled)
		return;

	if (!db_isnull(res, 0, 0))
		l->oldest_us = min(l->oldest_us, db_get_time(res, 0, 0));

	judge(l);
}


static void staging_handler(int err, const struct db_res *res, void *arg)
{
	struct lag *l = arg;

	if (!err && l->enabled) {
		l->oldest_us = db_isnull(res, 0, 0) ? INT64_MAX :
			db_get_time(res, 0, 0);
		err = db_exec(l->store, "compliance_oldest", NULL,
			      store_handler, l);
	}

	l->busy = !err && l->enabled;
}


static void tick(void *arg)
{
	struct lag *l = arg;

	tmr_start(&l->tmr, PERIOD_MS, tick, l);

	if (l->enabled && !l->busy)
		l->busy = !db_exec(l->staging, "oldest_unarchived", NULL,
				   staging_handler, l);
}


int lag_open(struct lag **lp, struct db *staging, struct db *store)
{
	struct lag *l;

	if (!lp || !staging || !store)
		return EINVAL;

	l = mem_zalloc(sizeof(*l), destructor);
	if (!l)
		return ENOMEM;

	l->staging   = staging;
	l->store     = store;
	l->oldest_us = INT64_MAX;
	*lp = l;

	return 0;
}


void lag_enable(struct lag *l, bool enable)
{
	l->enabled = enable;

	if (enable)
		tmr_start(&l->tmr, 0, tick, l);
	else
		tmr_cancel(&l->tmr);
}


void lag_limits(struct lag *l, uint64_t alarm_s, uint64_t closed_s)
{
	l->alarm_s  = alarm_s;
	l->closed_s = closed_s;
}


uint64_t lag_oldest_s(const struct lag *l)
{
	const int64_t age_us = l->oldest_us == INT64_MAX ? 0 :
		clock_us() - l->oldest_us;

	return age_us > 0 ? (uint64_t)age_us / 1000000 : 0;
}


bool lag_alarm(const struct lag *l)
{
	return l->alarm;
}


bool lag_closed(const struct lag *l)
{
	return l->closed;
}
