/**
 * @file common/db/target.c  The hosts of a conninfo, tried one by one
 *
 * libpq goes through several hosts by itself, but its asynchronous connect
 * has no time limit: a host that does not answer would hide the ones behind
 * it.  So each try names one host, and the next try the next.
 */
#include <stdlib.h>
#include <string.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/db/db.h"
#include "common/db/priv.h"

enum { PARAMS_MAX = 64, CONNECT_TIMEOUT_MS = 5000 };

struct db_target {
	PQconninfoOption *optv;
	char *name;
	char *options;           /* the conninfo's, and ours              */
	uint32_t hosts, host;
	uint32_t limit_ms;
};

struct params {
	const char *keyv[PARAMS_MAX + 1];
	const char *valuev[PARAMS_MAX + 1];
	char *ownv[3];           /* one element of a list, to be freed    */
	unsigned n, own;
};

/* A dead network path is noticed in seconds, not in hours.  GSS would look
   for a ticket in files and servers while the loop waits. */
static const char *const defaultv[][2] = {
	{ "keepalives_idle",     "10"      },
	{ "keepalives_interval", "5"       },
	{ "keepalives_count",    "3"       },
	{ "tcp_user_timeout",    "20000"   },
	{ "gssencmode",          "disable" },
};


static void destructor(void *data)
{
	struct db_target *t = data;

	PQconninfoFree(t->optv);
	mem_deref(t->name);
	mem_deref(t->options);
}


static const char *option(const struct db_target *t, const char *key)
{
	const PQconninfoOption *o;

	for (o = t->optv; o->keyword; o++) {
		if (0 == strcmp(o->keyword, key))
			return str_isset(o->val) ? o->val : NULL;
	}

	return NULL;
}


static uint32_t list_length(const char *list)
{
	uint32_t n = list ? 1 : 0;

	for (; list && *list; list++)
		n += *list == ',';

	return n;
}


/* Element i of a comma-separated list; the only one counts for all. */
static struct pl list_element(const char *list, uint32_t i)
{
	struct pl pl;

	if (list_length(list) == 1)
		i = 0;

	while (i--)
		list = strchr(list, ',') + 1;

	pl.p = list;
	pl.l = strcspn(list, ",");

	return pl;
}


static uint32_t limit_ms(const char *connect_timeout, uint32_t connect_ms)
{
	const uint32_t s = connect_timeout ? (uint32_t)atoi(connect_timeout)
					   : 0;

	if (s > 0 && s <= 3600)
		return s * 1000;

	return connect_ms ? connect_ms : CONNECT_TIMEOUT_MS;
}


/* A list of addresses or ports that does not go with the list of hosts */
static bool lists_fit(const struct db_target *t)
{
	const uint32_t host = list_length(option(t, "host"));
	const uint32_t addr = list_length(option(t, "hostaddr"));
	const uint32_t port = list_length(option(t, "port"));

	if (host && addr && host != addr)
		return false;

	return port <= 1 || port == t->hosts;
}


static int target_fill(struct db_target *t, const struct db_conf *conf)
{
	const char *options;
	int err;

	t->optv = PQconninfoParse(conf->conninfo, NULL);
	if (!t->optv)
		return EINVAL;

	t->hosts = max(list_length(option(t, "hostaddr")),
		       list_length(option(t, "host")));
	t->hosts = max(t->hosts, 1);
	if (!lists_fit(t))
		return EINVAL;

	t->limit_ms = limit_ms(option(t, "connect_timeout"),
			       conf->connect_ms);
	options = option(t, "options");

	err = re_sdprintf(&t->options, "%s -c jit=off -c statement_timeout=%u"
			  " -c plan_cache_mode=%s -c pchat.instance=%lld",
			  options ? options : "", conf->timeout_ms,
			  conf->one_plan ? "force_generic_plan" : "auto",
			  (long long)conf->instance);
	if (err)
		return err;

	return str_dup(&t->name, conf->name ? conf->name : "pchat");
}


int db_target_alloc(struct db_target **tp, const struct db_conf *conf)
{
	struct db_target *t;
	int err;

	if (!tp || !conf->conninfo)
		return EINVAL;

	t = mem_zalloc(sizeof(*t), destructor);
	if (!t)
		return ENOMEM;

	err = target_fill(t, conf);
	if (err)
		mem_deref(t);
	else
		*tp = t;

	return err;
}


static void param(struct params *p, const char *key, const char *value)
{
	if (!value || p->n >= PARAMS_MAX)
		return;

	p->keyv[p->n] = key;
	p->valuev[p->n++] = value;
}


static int param_element(struct params *p, const struct db_target *t,
			 const char *key)
{
	const char *list = option(t, key);
	struct pl pl;
	int err;

	if (!list)
		return 0;

	pl = list_element(list, t->host);
	err = pl_strdup(&p->ownv[p->own], &pl);
	if (!err)
		param(p, key, p->ownv[p->own++]);

	return err;
}


static bool is_ours(const struct db_target *t, const char *key)
{
	if (t->options && 0 == strcmp(key, "options"))
		return true;

	return 0 == strcmp(key, "host") || 0 == strcmp(key, "hostaddr") ||
		0 == strcmp(key, "port") ||
		0 == strcmp(key, "application_name") ||
		0 == strcmp(key, "client_encoding");
}


static int params_fill(struct params *p, const struct db_target *t)
{
	const PQconninfoOption *o;
	size_t i;
	int err;

	for (o = t->optv; o->keyword; o++) {
		if (str_isset(o->val) && !is_ours(t, o->keyword))
			param(p, o->keyword, o->val);
	}

	for (i = 0; i < ARRAY_SIZE(defaultv); i++) {
		if (!option(t, defaultv[i][0]))
			param(p, defaultv[i][0], defaultv[i][1]);
	}

	param(p, "options", t->options);
	param(p, "application_name", t->name);
	param(p, "client_encoding", "UTF8");

	err = param_element(p, t, "host");
	if (!err)
		err = param_element(p, t, "hostaddr");
	if (!err)
		err = param_element(p, t, "port");

	return err;
}


/** @return a connection that began, or failed to (PQstatus), or NULL */
PGconn *db_target_connect(struct db_target *t)
{
	struct params p;
	PGconn *pg = NULL;

	memset(&p, 0, sizeof(p));

	if (0 == params_fill(&p, t))
		pg = PQconnectStartParams(p.keyv, p.valuev, 0);

	while (p.own)
		mem_deref(p.ownv[--p.own]);

	return pg;
}


void db_target_next(struct db_target *t)
{
	t->host = (t->host + 1) % t->hosts;
}


uint32_t db_target_host(const struct db_target *t)
{
	return t->host;
}


void db_target_set(struct db_target *t, uint32_t host)
{
	t->host = host % t->hosts;
}


uint32_t db_target_hosts(const struct db_target *t)
{
	return t->hosts;
}


uint32_t db_target_limit_ms(const struct db_target *t)
{
	return t->limit_ms;
}
