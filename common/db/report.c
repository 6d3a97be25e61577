/**
 * @file common/db/report.c  Outages in the log, by change of state
 *
 * The first failure is logged at once, then one line per period with the
 * number of failures since the last; the period doubles.  The outage is over
 * when a connection has answered a statement, not when it could be made: what
 * accepts and hangs up again is not a store.
 */
#include <string.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/log.h"
#include "common/db/db.h"
#include "common/db/priv.h"

enum { PERIOD_MIN_MS = 10000, PERIOD_MAX_MS = 300000 };


static void text_of(struct pl *pl, const struct db *db)
{
	if (db->silent)
		pl_set_str(pl, "the server owes an answer and is silent");
	else
		pl_set_str(pl, db->pg ? PQerrorMessage(db->pg) :
			   "out of memory");

	pl->l = strcspn(pl->p, "\n");
	if (!pl->l)
		pl_set_str(pl, "no answer in time");
}


static void write_line(struct db *db, const char *event, uint64_t now)
{
	struct db_outage *o = &db->outage;
	struct pl pl;

	text_of(&pl, db);
	log_warn(event, "db=%s host=%u error=%H failures=%u down_ms=%llu",
		 db->name, db_host(db), log_quote, &pl, o->failures,
		 (unsigned long long)(now - o->since_ms));

	o->told_ms  = now;
	o->failures = 0;
}


/** A connection was lost or could not be made */
void db_report_failure(struct db *db, const char *event)
{
	struct db_outage *o = &db->outage;
	const uint64_t now = tmr_jiffies();

	++o->failures;
	++o->total;

	if (!o->since_ms) {
		o->since_ms = now;
		o->wait_ms  = PERIOD_MIN_MS;
		write_line(db, event, now);
	}
	else if (now - o->told_ms >= o->wait_ms) {
		write_line(db, event, now);
		o->wait_ms = min(2 * o->wait_ms, (uint32_t)PERIOD_MAX_MS);
	}
}


static void log_up(const struct db *db)
{
	const struct db_outage *o = &db->outage;

	log_info("db.up", "db=%s host=%u backend=%d failures=%u down_ms=%llu",
		 db->name, db_host(db), PQbackendPID(db->pg), o->total,
		 o->since_ms ?
		 (unsigned long long)(tmr_jiffies() - o->since_ms) : 0);
}


/** A connection was made: news unless there is an outage, see above */
void db_report_up(struct db *db)
{
	if (!db->outage.since_ms)
		log_up(db);
}


/** It has answered */
void db_report_proven(struct db *db)
{
	if (db->outage.since_ms)
		log_up(db);

	memset(&db->outage, 0, sizeof(db->outage));
}
