/**
 * @file common/db/db.h  One PostgreSQL connection on the loop
 *
 * A connection runs libpq in pipeline mode on libre's loop and never blocks.
 * Each statement is a transaction of its own: it is sent together with its
 * commit point, and any number may be under way.  Statements live in
 * sql/statements, are called by name, prepared when first used on a
 * connection, and take and give binary values only.  A parameter is sent with
 * the type of the function that added it, so $1::jsonb converts a db_text()
 * and a db_int4() may go into a smallint.
 * The one thing that libpq cannot do without waiting is a DNS look-up: give
 * addresses, names of /etc/hosts, or hostaddr.
 * Loop thread only.
 */
#pragma once

struct db;
struct db_res;
struct sql_set;

/** The Persistent Chat Store (sql/), and the compliance store (sql/archive/),
 * which is linked into the programs that need it */
extern const struct sql_set sql_store, sql_compliance;

/** Parameters of one statement, in the order of $1, $2, ...
 *
 * The first error (ENOMEM, EOVERFLOW) sticks and is returned by db_exec().
 */
struct db_args {
	struct mbuf *mb;      /* encoded values, back to back           */
	int err;
	unsigned n;
	struct {
		uint32_t pos; /* offset in mb                           */
		int32_t len;  /* bytes, -1 is NULL                      */
		uint32_t oid; /* type as sent, 0 is for the server to say */
	} v[24];
};

void db_args_init(struct db_args *a);
/** Frees what the arguments hold; db_exec() does it too, whatever it returns */
void db_args_reset(struct db_args *a);

void db_null(struct db_args *a);
void db_int4(struct db_args *a, int32_t v);
void db_int8(struct db_args *a, int64_t v);
void db_bool(struct db_args *a, bool v);
void db_text(struct db_args *a, const char *v);          /* NULL is NULL  */
void db_textn(struct db_args *a, const char *p, size_t len);
void db_uuid(struct db_args *a, const uint8_t v[16]);
/** timestamptz from microseconds since 1970; INT64_MIN and INT64_MAX are the
 * infinities */
void db_time(struct db_args *a, int64_t us);
void db_int4v(struct db_args *a, const int32_t *v, size_t n);
void db_int8v(struct db_args *a, const int64_t *v, size_t n);
void db_boolv(struct db_args *a, const bool *v, size_t n);
/** text[]; an element with p == NULL is NULL */
void db_textv(struct db_args *a, const struct pl *v, size_t n);
/** uuid[] of n x 16 bytes */
void db_uuidv(struct db_args *a, const uint8_t (*v)[16], size_t n);

/**
 * The outcome of a statement.  Called exactly once, from the loop, never from
 * within db_exec()
 *
 * @param err  0; ECONNRESET the connection went away, or was dropped because
 *             the server kept silent, and the outcome is unknown; ETIMEDOUT
 *             cancelled by its time limit; EEXIST unique or EPERM check
 *             violation; EACCES the role has no right to do that (logged);
 *             EPROTO any other refusal by the server (logged); ECANCELED the
 *             connection object is closing
 * @param res  Rows, valid until the handler returns; NULL on error
 * @param arg  As given to db_exec()
 */
typedef void (db_h)(int err, const struct db_res *res, void *arg);

/** Told when the connection came up (and was lost: up false, after the
 * statements that were under way have been told ECONNRESET) */
typedef void (db_state_h)(bool up, void *arg);
/** A NOTIFY on a channel that db_listen() asked for */
typedef void (db_notify_h)(const char *channel, const char *payload,
			   void *arg);

/** How a connection is made */
struct db_conf {
	const char *name;         /* in logs and pg_stat_activity           */
	const char *conninfo;     /* libpq; several hosts are fine          */
	const struct sql_set *set; /* its statements; NULL: sql_store       */
	int64_t instance;         /* pchat.instance: who pushes the events
	                             that it writes; 0: nobody yet          */
	uint32_t timeout_ms;      /* statement_timeout; 0: none             */
	uint32_t deadline_ms;     /* longest that an answer on this connection
	                             may be owed, then it is dropped; 0:
	                             timeout_ms + 1000, none without it     */
	uint32_t answer_ms;       /* the same for a host that is silent on all
	                             our connections to it; 0: no such limit */
	uint32_t probe_ms;        /* an idle connection is asked for a sign
	                             of life so often; 0: never             */
	uint32_t connect_ms;      /* for one try to connect, unless conninfo
	                             has connect_timeout; 0: 5000           */
	bool one_plan;            /* a statement is planned once, not for its
	                             parameters each time: planning costs
	                             more than small statements             */
	uint32_t queue_max;       /* statements under way; 0: 10000         */
	uint32_t backoff_max_ms;  /* longest wait between tries; 0: 5000    */
};

/**
 * Open a connection; it comes up by itself and again after every loss
 *
 * @return 0, EINVAL (conninfo not understood), ENOMEM
 */
int  db_open(struct db **dbp, const struct db_conf *conf,
	     db_state_h *stateh, void *arg);
bool db_isup(const struct db *db);
/** Up, and the host has answered on one of our connections within the last
 * @p limit_ms, or is asked nothing on this one */
bool db_answers(const struct db *db, uint32_t limit_ms);
/** Place of the host in conninfo that the connection goes to, from 0 */
uint32_t db_host(const struct db *db);
/** @p leader found the store on another host: leave the old one, go there.
 * What is under way on @p db is told ECONNRESET, from the loop */
void db_follow(struct db *db, const struct db *leader);
/** The server's number for the connection; 0 when it is down */
int32_t db_backend(const struct db *db);
/** Try to connect now: another connection found the server back */
void db_retry(struct db *db);
/** Statements sent whose outcome is not known yet */
uint32_t db_pending(const struct db *db);
/**
 * Ask for notifications, now and after every reconnect.  What was sent while
 * the connection was down is lost: look again when the state handler says up
 *
 * @return 0, EALREADY (asked before), ENOMEM
 */
int  db_listen(struct db *db, const char *channel, db_notify_h *h, void *arg);

/**
 * Run a statement of sql/statements by name
 *
 * @param h  NULL: whoever asks does not want to know
 *
 * @return 0 and h is called later; ENOENT no such statement, ENOTCONN the
 *         connection is down, EAGAIN too many under way, or what stuck in
 *         args: h is not called.  args is reset in every case
 */
int  db_exec(struct db *db, const char *stmt, struct db_args *args,
	     db_h *h, void *arg);

/* Rows and columns count from 0.  A NULL reads as 0, false or an empty pl
   with p == NULL. */
uint32_t db_rows(const struct db_res *res);
bool     db_isnull(const struct db_res *res, uint32_t row, uint32_t col);
int64_t  db_get_int(const struct db_res *res, uint32_t row, uint32_t col);
bool     db_get_bool(const struct db_res *res, uint32_t row, uint32_t col);
struct pl db_get_text(const struct db_res *res, uint32_t row, uint32_t col);
/** timestamptz as microseconds since 1970, infinities as in db_time() */
int64_t  db_get_time(const struct db_res *res, uint32_t row, uint32_t col);
/** uuid: NULL for NULL, else 16 bytes */
const uint8_t *db_get_uuid(const struct db_res *res, uint32_t row,
			   uint32_t col);
/**
 * int8[] into memory of its own
 *
 * @param vp  Set to an array to be freed with mem_deref(); NULL when empty
 * @return 0, EBADMSG (not an int8[]), ENOMEM
 */
int  db_get_int8v(const struct db_res *res, uint32_t row, uint32_t col,
		  int64_t **vp, size_t *np);

/** The number of the newest migration this build knows (sql/schema) */
uint32_t db_schema_version(void);

/**
 * Whether the database has the schema that this build was made for
 *
 * @param err     0 yes; EPROTO no, or the role may not read it (logged, with
 *                the command that mends it); else as in db_h
 * @param found   Version of the database, 0 when it has none
 * @param wanted  Its set's
 */
typedef void (db_schema_h)(int err, uint32_t found, uint32_t wanted,
			   void *arg);
/** Ask once the connection is up.  @return as db_exec() */
int  db_schema_check(struct db *db, db_schema_h *h, void *arg);
