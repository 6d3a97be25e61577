/**
 * @file common/db/conn.c  A connection: up, down and up again
 *
 * libpq may change its socket while it connects, and closes it when it
 * pleases: the loop never holds a descriptor across a call that could do so.
 * A loss found while sending is handled from the loop, so that no handler
 * runs within db_exec().
 */
#include <string.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/log.h"
#include "common/stats.h"
#include "common/db/db.h"
#include "common/db/embedded.h"
#include "common/db/priv.h"

enum {
	BACKOFF_MIN_MS = 100, BACKOFF_MAX_MS = 5000, QUEUE_MAX = 10000,
	DEADLINE_GRACE_MS = 1000,   /* the server cancels before we give up */
};

static void connect_start(struct db *db);

uint64_t db_statements, db_errors, db_reconnects, db_timeouts, db_silences,
	db_failures;

static const struct stats_row statv[] = {
	{ "db_statements", &db_statements, false, "Statements sent" },
	{ "db_errors", &db_errors, false,
	  "Statements that failed, whatever the reason" },
	{ "db_timeouts", &db_timeouts, false,
	  "Statements cancelled by their time limit" },
	{ "db_reconnects", &db_reconnects, false,
	  "Connections that were up and were lost" },
	{ "db_silences", &db_silences, false,
	  "Connections dropped because the server owed an answer too long" },
	{ "db_connect_failures", &db_failures, false,
	  "Tries to connect that failed" },
};


/* Level-triggered; 0 forgets the descriptor. */
static int watch(struct db *db, int flags, fd_h *h)
{
	const int fd = flags ? PQsocket(db->pg) : -1;
	int err;

	if (fd == db->fd && flags == db->fd_flags)
		return 0;

	if (db->fd >= 0 && fd != db->fd)
		fd_close(db->fd);

	db->fd = -1;
	db->fd_flags = 0;
	if (fd < 0)
		return flags ? ENOTCONN : 0;

	err = fd_listen(fd, flags, h, db);
	if (!err) {
		db->fd = fd;
		db->fd_flags = flags;
	}

	return err;
}


static void pg_close(struct db *db)
{
	(void)watch(db, 0, NULL);
	PQfinish(db->pg);
	db->pg = NULL;
	db->broken = db->silent = db->proven = false;
	tmr_cancel(&db->tmr_turn);
	db_alive_stop(db);
	db_prep_flush(db);
}


static void retry_handler(void *arg)
{
	connect_start(arg);
}


/* Half of the wait is chance, so that a pool does not come back as one. */
static void back_off(struct db *db)
{
	const uint32_t half = db->backoff_ms / 2 + 1;

	db->tries = 0;
	tmr_start(&db->tmr, half + rand_u32() % half, retry_handler, db);

	db->backoff_ms = min(db->backoff_ms * 2, db->backoff_max_ms);
}


static void connect_failed(struct db *db, const char *event)
{
	++db_failures;
	db_report_failure(db, event);
	pg_close(db);
	db->state = DB_DOWN;
	db_target_next(db->target);

	if (++db->tries < db_target_hosts(db->target))
		tmr_start(&db->tmr, 0, retry_handler, db);
	else
		back_off(db);
}


static void connect_limit_handler(void *arg)
{
	connect_failed(arg, "db.connect.timeout");
}


/** Keep @p db while handlers run, which may close it */
void db_hold(struct db *db)
{
	++db->holds;
	mem_ref(db);
}


/** Whether its owner still has it */
bool db_alive(const struct db *db)
{
	return mem_nrefs(db) > db->holds;
}


void db_release(struct db *db)
{
	--db->holds;
	mem_deref(db);
}


/* A server that kept silent may be frozen or cut off, and then another one may
   have taken its place: try the next host at once.  One that closed the
   connection is more likely to be back in a moment. */
static void try_again(struct db *db, bool silent)
{
	if (!silent || db_target_hosts(db->target) < 2) {
		back_off(db);
		return;
	}

	db_target_next(db->target);
	db->tries = 0;
	tmr_start(&db->tmr, 0, retry_handler, db);
}


static void lost(struct db *db)
{
	const bool silent = db->silent;

	db_report_failure(db, silent ? "db.silent" : "db.lost");
	++db_reconnects;
	db_silences += silent;

	pg_close(db);
	db->state = DB_DOWN;
	try_again(db, silent);

	db_hold(db);

	db_req_abort(db, ECONNRESET);
	if (db_alive(db) && db->stateh)
		db->stateh(false, db->arg);

	db_release(db);
}


static void input(struct db *db)
{
	db_reply_read(db);
	db_notify_all(db);
}


static void turn_handler(void *arg)
{
	struct db *db = arg;

	if (db->broken) {
		lost(db);
		return;
	}

	db_hold(db);
	input(db);
	db_release(db);
}


void db_read_later(struct db *db)
{
	tmr_start(&db->tmr_turn, 0, turn_handler, db);
}


void db_break(struct db *db)
{
	db->broken = true;
	tmr_start(&db->tmr_turn, 0, turn_handler, db);
}


static void io_handler(int flags, void *arg)
{
	struct db *db = arg;
	bool ok = true;

	if (db->broken)
		return;

	db_hold(db);

	if (flags & ~FD_WRITE) {
		db_alive_heard(db);
		ok = PQconsumeInput(db->pg);

		/* It may have closed the socket, and a handler may open
		   another with the same number */
		if (PQsocket(db->pg) != db->fd)
			(void)watch(db, 0, NULL);

		/* What the server said before it went away still counts */
		input(db);
	}

	if (db_alive(db)) {
		if (!ok || PQstatus(db->pg) != CONNECTION_OK)
			lost(db);
		else
			db_flush(db);
	}

	db_release(db);
}


/** Hand to the kernel what it takes, and see to the rest */
void db_flush(struct db *db)
{
	const int left = PQflush(db->pg);

	if (left < 0 || watch(db, left ? FD_READ | FD_WRITE : FD_READ,
			      io_handler))
		db_break(db);
}


/* Notices may quote values. */
static void notice_handler(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}


static void established(struct db *db)
{
	PQsetNoticeProcessor(db->pg, notice_handler, NULL);

	if (PQsetnonblocking(db->pg, 1) || !PQenterPipelineMode(db->pg) ||
	    watch(db, FD_READ, io_handler)) {
		connect_failed(db, "db.connect.failed");
		return;
	}

	tmr_cancel(&db->tmr);
	db->state = DB_UP;
	db->tries = 0;
	db_report_up(db);
	db_alive_start(db);
	db_listen_all(db);

	if (db->stateh)
		db->stateh(true, db->arg);
}


static void connect_handler(int flags, void *arg)
{
	struct db *db = arg;
	int err;
	(void)flags;

	(void)watch(db, 0, NULL);

	switch (PQconnectPoll(db->pg)) {

	case PGRES_POLLING_OK:
		established(db);
		return;

	case PGRES_POLLING_READING:
		err = watch(db, FD_READ, connect_handler);
		break;

	case PGRES_POLLING_WRITING:
		err = watch(db, FD_WRITE, connect_handler);
		break;

	default:
		err = ECONNREFUSED;
		break;
	}

	if (err)
		connect_failed(db, "db.connect.failed");
}


static void connect_start(struct db *db)
{
	db->state = DB_CONNECTING;
	db->pg = db_target_connect(db->target);

	if (PQstatus(db->pg) == CONNECTION_BAD ||
	    watch(db, FD_WRITE, connect_handler)) {
		connect_failed(db, "db.connect.failed");
		return;
	}

	tmr_start(&db->tmr, db_target_limit_ms(db->target),
		  connect_limit_handler, db);
}


static void destructor(void *data)
{
	struct db *db = data;

	db->state = DB_CLOSED;
	tmr_cancel(&db->tmr);
	if (db->prepv)
		pg_close(db);
	db_req_abort(db, ECANCELED);
	list_flush(&db->listenl);
	mem_deref(db->prepv);
	mem_deref(db->target);
	mem_deref(db->name);
}


static void stats_once(void)
{
	static bool done;

	if (!done)
		stats_register(statv, ARRAY_SIZE(statv));
	done = true;
}


int db_open(struct db **dbp, const struct db_conf *conf,
	    db_state_h *stateh, void *arg)
{
	struct db *db;
	int err = ENOMEM;

	if (!dbp || !conf || !conf->conninfo)
		return EINVAL;

	db = mem_zalloc(sizeof(*db), destructor);
	if (!db)
		return ENOMEM;

	db->fd             = -1;
	db->queue_max      = conf->queue_max ? conf->queue_max : QUEUE_MAX;
	db->conninfo_hash  = hash_joaat_str(conf->conninfo);
	db->probe_ms       = conf->probe_ms;
	db->answer_ms      = conf->answer_ms;
	db->deadline_ms    = conf->deadline_ms ? conf->deadline_ms :
		conf->timeout_ms ? conf->timeout_ms + DEADLINE_GRACE_MS : 0;
	db->backoff_max_ms = conf->backoff_max_ms ? conf->backoff_max_ms
						  : BACKOFF_MAX_MS;
	db->backoff_ms     = min(BACKOFF_MIN_MS, db->backoff_max_ms);
	db->set            = conf->set ? conf->set : &sql_store;
	db->stateh         = stateh;
	db->arg            = arg;

	db->prepv = mem_zalloc(db->set->stmtc * sizeof(*db->prepv), NULL);
	if (!db->prepv)
		goto out;

	err = str_dup(&db->name, conf->name ? conf->name : "pchat");
	if (err)
		goto out;

	err = db_target_alloc(&db->target, conf);
	if (err)
		goto out;

	stats_once();
	tmr_start(&db->tmr, 0, retry_handler, db);

 out:
	if (err)
		mem_deref(db);
	else
		*dbp = db;

	return err;
}


int32_t db_backend(const struct db *db)
{
	return db_isup(db) ? PQbackendPID(db->pg) : 0;
}


void db_retry(struct db *db)
{
	if (db && db->state == DB_DOWN && tmr_isrunning(&db->tmr))
		tmr_start(&db->tmr, 0, retry_handler, db);
}


bool db_isup(const struct db *db)
{
	return db && db->state == DB_UP && !db->broken;
}


uint32_t db_host(const struct db *db)
{
	return db ? db_target_host(db->target) : 0;
}


void db_follow(struct db *db, const struct db *leader)
{
	const uint32_t host = db_host(leader);

	if (!db || db == leader || db_host(db) == host)
		return;

	if (db_isup(db)) {
		db_break(db);
	}
	else if (db->state == DB_CONNECTING) {
		pg_close(db);
		db->state = DB_DOWN;
		tmr_start(&db->tmr, 0, retry_handler, db);
	}

	db_target_set(db->target, host);
	db_retry(db);
}


/** It answered a statement: only now a new connection counts as a success */
void db_proven(struct db *db)
{
	db->proven = true;
	db->backoff_ms = min(BACKOFF_MIN_MS, db->backoff_max_ms);
	db_report_proven(db);
}


uint32_t db_pending(const struct db *db)
{
	return db ? db->reqc : 0;
}
