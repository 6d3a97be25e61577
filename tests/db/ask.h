/**
 * @file tests/db/ask.h  Statements run one by one, and what they answer
 *
 * The tests of a suite share one store, ask_begin() to ask_end() as unchecked
 * fixtures; each has a connection, ask_setup() to ask_teardown(), and data of
 * its own.  What cannot be had fails the test.
 */
#pragma once

/** Give up on anything that a test waits for */
enum { ASK_LIMIT_MS = 10000 };

struct store;
struct db;
struct db_res;
struct db_args;

void ask_begin(void);
void ask_end(void);
void ask_setup(void);
void ask_teardown(void);

/** The suite's store and the test's connection */
struct store *ask_store(void);
struct db *ask_db(void);
/** One more connection, up; it is freed with mem_deref() */
struct db *ask_connect(void);

/** Run a statement of sql/statements and wait.  @return as db_h was told */
int  ask(const char *stmt, struct db_args *args);
/** SQL text of any kind without results, several statements are fine */
void ask_do(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** The number that an SQL query answers; -1 for NULL or no row */
int64_t ask_number(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** Rows of the last ask(), until the next; NULL when it failed */
const struct db_res *ask_res(void);
/**
 * Columns first..last of these rows as text: "1 one f, 2 two t", NULL is "-"
 *
 * @return valid until the next call
 */
const char *ask_rows(unsigned first, unsigned last);

/** SQL: the events of a batch b (common/queue.h) as a JSON array, each with
 *  its room and its user whole */
#define WHOLE_EVENTS(b) "(SELECT jsonb_agg(x.e || jsonb_build_object('room', " \
	b "->'rooms'->(x.e->>'room'), 'user', " b "->'users'->(x.e->>'user')) "\
	"ORDER BY x.i) FROM jsonb_array_elements(" b "->'events') "             \
	"WITH ORDINALITY AS x (e, i))"
