/**
 * @file common/check_connect.c  Do the stores and the pool take us?
 *
 * Every statement of the role is planned, which checks its rights and runs
 * nothing.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/check.h"
#include "common/conf.h"
#include "common/db/db.h"
#include "common/db/embedded.h"

enum { PEER_TIMEOUT_MS = 2000, DENIED_MAX = 5, PARAMS_MAX = 40 };

#define DENIED_STATE "42501"

#define TIMEOUT_TEXT "10s"


static const char *one_line(char *buf, size_t size, const char *text)
{
	size_t i;

	str_ncpy(buf, text, size);
	for (i = 0; buf[i]; i++) {
		if (buf[i] == '\n')
			buf[i] = buf[i + 1] ? ' ' : '\0';
	}

	return buf;
}


static PGconn *connected(struct check *ck, const char *key)
{
	const char *keyv[] = { "connect_timeout", "application_name", "dbname",
			       NULL };
	const char *valuev[] = { "5", "pchat check",
				 config_str(ck->conf, key), NULL };
	PGconn *pg = PQconnectdbParams(keyv, valuev, 1);
	char buf[512];

	if (PQstatus(pg) == CONNECTION_OK) {
		PQclear(PQexec(pg, "SET statement_timeout = '" TIMEOUT_TEXT
			       "'; SET client_min_messages = error"));
		return pg;
	}

	check_wrong(ck, key, "%s", one_line(buf, sizeof(buf),
					    PQerrorMessage(pg)));
	PQfinish(pg);

	return NULL;
}


static const char *state(const PGresult *res)
{
	const char *code = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	return code ? code : "";
}


static bool schema_ok(struct check *ck, const char *key, PGconn *pg,
		      const struct sql_set *set)
{
	PGresult *res = PQexec(pg, sql_stmt_find(set, "schema_version")->text);
	const uint32_t ours = sql_set_version(set);
	const bool asked = PQresultStatus(res) == PGRES_TUPLES_OK;
	const uint32_t theirs = asked ?
		(uint32_t)strtoul(PQgetvalue(res, 0, 0), NULL, 10) : 0;

	if (!strcmp(state(res), DENIED_STATE))
		check_wrong(ck, key, "user %s may not read this store: pchatctl"
			    " migrate --roles", PQuser(pg));
	else if (theirs < ours)
		check_wrong(ck, key, "its schema is number %u, this program's"
			    " %u: pchatctl migrate", theirs, ours);
	else if (theirs > ours)
		check_wrong(ck, key, "its schema is number %u, newer than this"
			    " program's %u", theirs, ours);

	PQclear(res);

	return theirs == ours;
}


static unsigned parameters(const char *text)
{
	unsigned long max = 0;

	for (const char *p = strchr(text, '$'); p; p = strchr(p + 1, '$')) {
		const unsigned long n = strtoul(p + 1, NULL, 10);

		if (n > max)
			max = n;
	}

	return (unsigned)max;
}


/* @return whether the role lacks a right for it */
static bool denied(PGconn *pg, const struct sql_stmt *stmt, char *why,
		   size_t size)
{
	char sql[64 + 5 * PARAMS_MAX] = "EXPLAIN EXECUTE checked";
	const unsigned n = parameters(stmt->text);
	PGresult *res = PQprepare(pg, "checked", stmt->text, 0, NULL);
	bool no;

	if (PQresultStatus(res) == PGRES_COMMAND_OK && n <= PARAMS_MAX) {
		for (unsigned i = 0; i < n; i++)
			(void)strcat(sql, i ? ",NULL" : "(NULL");
		if (n)
			(void)strcat(sql, ")");
		PQclear(res);
		res = PQexec(pg, sql);
		one_line(why, size, PQerrorMessage(pg));
		PQclear(PQexec(pg, "DEALLOCATE checked"));
	}

	no = !strcmp(state(res), DENIED_STATE);
	PQclear(res);

	return no;
}


static bool is_for(const char *roles, const char *role)
{
	const size_t len = strlen(role);

	for (const char *p = roles; (p = strstr(p, role)); p += len) {
		if ((p == roles || p[-1] == ' ') && (p[len] == ' ' || !p[len]))
			return true;
	}

	return false;
}


static void check_rights(struct check *ck, const char *key, PGconn *pg,
			 const struct sql_set *set, const char *role)
{
	unsigned n = 0;
	char why[256];

	for (size_t i = 0; i < set->stmtc && n < DENIED_MAX; i++) {

		const struct sql_stmt *stmt = &set->stmtv[i];

		if (!is_for(stmt->roles, role) ||
		    !denied(pg, stmt, why, sizeof(why)))
			continue;

		++n;
		check_wrong(ck, key, "user %s, statement %s: %s", PQuser(pg),
			    stmt->name, why);
	}
}


/* The domain in the URIs of rooms is the store's, once there are users */
static void check_domain(struct check *ck, PGconn *pg)
{
	const char *domain = config_str(ck->conf, "pool.domain");
	PGresult *res = PQexec(pg, sql_stmt_find(&sql_store,
						 "store_domain")->text);
	const char *theirs = PQntuples(res) ? PQgetvalue(res, 0, 0) : "";

	if (*theirs && strcasecmp(domain, theirs))
		check_wrong(ck, "pool.domain", "the store's rooms and users are"
			    " in %s", theirs);
	PQclear(res);
}


/* ------------------------------------------------------------------- peers */

static bool reached(const struct sa *sa)
{
	const int fd = socket(sa_af(sa), SOCK_STREAM | SOCK_NONBLOCK |
			      SOCK_CLOEXEC, 0);
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	int err = 0;
	socklen_t len = sizeof(err);
	bool ok;

	ok = fd >= 0 && (!connect(fd, &sa->u.sa, sa->len) ||
			 errno == EINPROGRESS) &&
		poll(&pfd, 1, PEER_TIMEOUT_MS) > 0 &&
		!getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) && !err;
	if (fd >= 0)
		(void)close(fd);

	return ok;
}


static void check_peers(struct check *ck, const char *key, PGconn *pg)
{
	PGresult *res = PQexec(pg, sql_stmt_find(&sql_store,
						 "pool_peers")->text);

	for (int i = 0; i < PQntuples(res); i++) {

		const char *at = PQgetvalue(res, i, 1);
		struct sa sa;

		if (strncmp(at, "tcp://", 6) ||
		    sa_decode(&sa, at + 6, strlen(at + 6)) || !reached(&sa))
			check_wrong(ck, key, "%s of the pool does not answer at"
				    " %s", PQgetvalue(res, i, 0), at);
	}

	PQclear(res);
}


static void check_store(struct check *ck, const struct check_store *store)
{
	PGconn *pg = connected(ck, store->key);

	if (!pg)
		return;

	if (schema_ok(ck, store->key, pg, store->set)) {
		check_rights(ck, store->key, pg, store->set, store->role);
		if (is_for("channel web", store->role))
			check_domain(ck, pg);
		if (is_for("channel", store->role))
			check_peers(ck, store->key, pg);
	}

	PQfinish(pg);
}


void check_connect(struct check *ck, const struct check_store *storev)
{
	for (; storev->key; ++storev)
		check_store(ck, storev);
}
