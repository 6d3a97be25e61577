/**
 * @file common/db/alive.c  A server that keeps silent
 *
 * The kernel notices a peer that is gone, but not a server that is frozen or a
 * path that drops packets.  So there are limits of our own: how long an answer
 * may be owed on one connection (a little more than the server's own limit for
 * a statement), and, much shorter, how long a host may be silent on all
 * connections to it.  One long statement is not silence then, because idle
 * connections are probed with a statement that costs nothing.
 */
#include <poll.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/db/db.h"
#include "common/db/priv.h"

enum {
	OWING_MS    = 200,     /* between looks while an answer is owed      */
	READABLE_MS = 100,
};

/** A host of a conninfo, for all connections of this process */
struct db_server {
	struct le le;
	uint32_t conninfo_hash, host;
	uint64_t heard_ms;
};

static struct list serverl;

static void alive_handler(void *arg);


static void server_destructor(void *data)
{
	struct db_server *server = data;

	list_unlink(&server->le);
}


/** @return a reference; NULL without memory: then it is judged alone */
static struct db_server *server_of(const struct db *db)
{
	const uint32_t host = db_host(db);
	struct db_server *server;
	struct le *le;

	for (le = serverl.head; le; le = le->next) {
		server = le->data;
		if (server->conninfo_hash == db->conninfo_hash &&
		    server->host == host)
			return mem_ref(server);
	}

	server = mem_zalloc(sizeof(*server), server_destructor);
	if (!server)
		return NULL;

	server->conninfo_hash = db->conninfo_hash;
	server->host = host;
	list_append(&serverl, &server->le, server);

	return server;
}


static void wait_more(struct db *db, uint64_t ms)
{
	tmr_start(&db->tmr_alive, ms, alive_handler, db);
}


/* After a pause of our own process the answer may be waiting to be read */
static bool has_input(const struct db *db)
{
	struct pollfd pfd = { .fd = PQsocket(db->pg), .events = POLLIN };

	return poll(&pfd, 1, 0) > 0;
}


static uint64_t host_heard_ms(const struct db *db)
{
	return db->server ? max(db->server->heard_ms, db->heard_ms)
			  : db->heard_ms;
}


static bool too_long(const struct db *db, uint64_t now)
{
	const uint64_t own = now - db->heard_ms;

	if (db->deadline_ms && own >= db->deadline_ms)
		return true;

	return db->answer_ms && own >= db->answer_ms &&
		now - host_heard_ms(db) >= db->answer_ms;
}


static void owing(struct db *db, uint64_t now)
{
	if (!too_long(db, now)) {
		wait_more(db, OWING_MS);
	}
	else if (has_input(db)) {
		wait_more(db, READABLE_MS);
	}
	else {
		db->silent = true;
		db_break(db);
	}
}


static void idle(struct db *db, uint64_t now)
{
	const uint64_t quiet = now - db->heard_ms;

	if (!db->probe_ms || quiet >= db->probe_ms) {
		wait_more(db, OWING_MS);
		if (db->probe_ms)
			(void)db_exec_text(db, "probe", "SELECT 1", NULL,
					   NULL, NULL);
	}
	else {
		wait_more(db, min(db->probe_ms - quiet, OWING_MS));
	}
}


static void alive_handler(void *arg)
{
	struct db *db = arg;

	if (!db_isup(db))
		return;

	if (db->reqc)
		owing(db, tmr_jiffies());
	else
		idle(db, tmr_jiffies());
}


void db_alive_start(struct db *db)
{
	db->server = server_of(db);
	db_alive_heard(db);

	if (db->deadline_ms || db->answer_ms || db->probe_ms)
		wait_more(db, OWING_MS);
}


void db_alive_stop(struct db *db)
{
	tmr_cancel(&db->tmr_alive);
	db->server = mem_deref(db->server);
}


/** The first statement after the server owed us nothing */
void db_alive_sent(struct db *db)
{
	db->heard_ms = tmr_jiffies();
}


void db_alive_heard(struct db *db)
{
	db->heard_ms = tmr_jiffies();
	if (db->server)
		db->server->heard_ms = db->heard_ms;
}


bool db_answers(const struct db *db, uint32_t limit_ms)
{
	return db_isup(db) &&
		(!db->reqc || tmr_jiffies() - host_heard_ms(db) < limit_ms);
}
