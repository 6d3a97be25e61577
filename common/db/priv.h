/**
 * @file common/db/priv.h  What the files of common/db share
 *
 * conn.c moves a connection between its states, stmt.c puts statements on
 * the wire, reply.c takes their outcomes off it, target.c knows the hosts,
 * alive.c notices a server that keeps silent, report.c logs outages.
 */
#pragma once

typedef struct pg_conn PGconn;
typedef struct pg_result PGresult;

/* Types of parameters (pg_type.dat; these never change) */
enum {
	OID_BOOL        = 16,
	OID_INT8        = 20,
	OID_INT4        = 23,
	OID_TEXT        = 25,
	OID_BOOLV       = 1000,
	OID_INT4V       = 1007,
	OID_TEXTV       = 1009,
	OID_INT8V       = 1016,
	OID_TIMESTAMPTZ = 1184,
	OID_UUID        = 2950,
	OID_UUIDV       = 2951,
};

/* PostgreSQL counts from 2000-01-01 */
#define PG_EPOCH_US INT64_C(946684800000000)

struct db_res {
	PGresult *pg;
};

enum db_state {
	DB_DOWN,          /* waiting for the next try             */
	DB_CONNECTING,
	DB_UP,
	DB_CLOSED,        /* in the destructor                    */
};

/** A statement prepared for one set of parameter types */
struct db_prep {
	struct le le;
	char name[24];
	uint32_t oidv[24];
	unsigned n;
	bool ready;       /* the server said yes                  */
};

/** A statement under way */
struct db_req {
	struct le le;
	const char *name;
	struct db_prep *prep;   /* prepared by this request, or NULL */
	PGresult *res;
	int err;
	db_h *h;                /* NULL: nobody asks                 */
	void *arg;
};

struct db_target;
struct db_server;
struct sql_set;

/** Time without a connection that answers */
struct db_outage {
	uint64_t since_ms;       /* 0: there is none                   */
	uint64_t told_ms;        /* last line in the log               */
	uint32_t wait_ms;        /* until the next one                 */
	uint32_t failures;       /* since the last line                */
	uint32_t total;          /* of this outage                     */
};

struct db {
	enum db_state state;
	PGconn *pg;
	int fd, fd_flags;
	char *name;
	struct db_target *target;
	struct tmr tmr;          /* next try, or limit of this one    */
	struct tmr tmr_turn;     /* go on reading, or notice a loss   */
	struct list reql;        /* in the order sent                 */
	struct list listenl;
	const struct sql_set *set;
	struct list *prepv;      /* one list for each of its statements */
	bool broken;             /* lost, to be dealt with by tmr_turn */
	bool silent;             /* lost because it kept silent        */
	bool proven;             /* this connection answered a statement */
	struct tmr tmr_alive;    /* deadline, or the next probe        */
	uint64_t heard_ms;       /* last byte, or since when it owes one */
	uint32_t deadline_ms, answer_ms, probe_ms;
	uint32_t conninfo_hash;
	struct db_server *server; /* the host, while connected         */
	struct db_outage outage;
	uint32_t reqc;
	uint32_t holds;          /* references of our own             */
	uint32_t queue_max;
	uint32_t tries;          /* hosts tried in this round         */
	uint32_t backoff_ms;
	uint32_t backoff_max_ms;
	db_state_h *stateh;
	void *arg;
};

/* Counters (conn.c) */
extern uint64_t db_statements, db_errors, db_reconnects, db_timeouts,
	db_silences, db_failures;

/* conn.c */
void db_hold(struct db *db);
bool db_alive(const struct db *db);
void db_release(struct db *db);
void db_flush(struct db *db);
void db_read_later(struct db *db);
void db_break(struct db *db);
void db_proven(struct db *db);

/* alive.c */
void db_alive_start(struct db *db);
void db_alive_stop(struct db *db);
void db_alive_sent(struct db *db);
void db_alive_heard(struct db *db);

/* report.c */
void db_report_failure(struct db *db, const char *event);
void db_report_up(struct db *db);
void db_report_proven(struct db *db);

/* listen.c */
void db_listen_all(struct db *db);
void db_notify_all(struct db *db);

/* stmt.c */
int  db_exec_text(struct db *db, const char *name, const char *text,
		  const struct db_args *args, db_h *h, void *arg);
void db_prep_flush(struct db *db);

/* reply.c */
void db_reply_read(struct db *db);
void db_req_finish(struct db *db, struct db_req *req, int err);
void db_req_abort(struct db *db, int err);

/* target.c: the hosts of a conninfo, tried one by one */
int  db_target_alloc(struct db_target **tp, const struct db_conf *conf);
PGconn *db_target_connect(struct db_target *t);
void db_target_next(struct db_target *t);
uint32_t db_target_host(const struct db_target *t);
void db_target_set(struct db_target *t, uint32_t host);
uint32_t db_target_hosts(const struct db_target *t);
uint32_t db_target_limit_ms(const struct db_target *t);
