/**
 * @file common/check.h  Is a configuration right?  Asked before a start, and by
 * --check
 *
 * What a key's type cannot tell: addresses, certificates, folders, keys that
 * contradict each other.  A daemon has one table of rows; each row complains of
 * every value that is wrong, in one line "FILE:LINE: KEY: "VALUE": why".
 */
#pragma once

#include <stdio.h>

struct config;
struct sql_set;

/** One pass over a configuration */
struct check {
	const struct config *conf;
	FILE *f;                 /* where complaints go                   */
	bool ports;              /* the ports must be free                */
	bool thorough;           /* for --check: what takes time, too     */
	unsigned wrong;          /* complaints so far                     */
};

/** Check one key, complain with check_wrong() */
typedef void (check_h)(struct check *ck, const char *key);

struct check_row {
	const char *key;
	check_h *h;
};

void check_run(struct check *ck, const struct check_row *rowv, size_t rowc);

/** Complain of a key's n-th value */
void check_wrong_nth(struct check *ck, const char *key, size_t n,
		     const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
#define check_wrong(ck, key, ...) check_wrong_nth(ck, key, 0, __VA_ARGS__)

/* The rows' handlers; a key without value is not looked at */
check_h check_listen;       /* ADDRESS:PORT of this host               */
check_h check_bus;          /* tcp://ADDRESS:PORT of this host, or *   */
check_h check_networks;     /* ADDRESS or ADDRESS/BITS, with blanks    */
check_h check_conninfo;     /* libpq; no password that others can read */
check_h check_folder;       /* a directory that can be written to      */
check_h check_file_place;   /* a path whose directory can be           */
check_h check_host;         /* a DNS name                              */
check_h check_lease;        /* lease.period_ms against lease.lapse_ms  */
check_h check_authorities;  /* PEM file with certificates              */

/** A certificate and its key: both or none, of this time, a pair */
void check_pair(struct check *ck, const char *cert, const char *key);

/** Key a must not be larger than key b (check_wrong() of a) */
void check_order(struct check *ck, const char *a, const char *b);

/** A store that a daemon connects to */
struct check_store {
	const char *key;             /* "store.conninfo"; NULL ends a list */
	const struct sql_set *set;
	const char *role;            /* whose statements it runs           */
};

/**
 * Connect to the stores: the schema, the rights for every statement of the
 * role, the pool's domain; a channel process also to the others of the pool
 *
 * @param storev  Ends with a row without key
 */
void check_connect(struct check *ck, const struct check_store *storev);
