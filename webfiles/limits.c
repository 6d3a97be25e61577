/**
 * @file webfiles/limits.c  How much one address and one user may ask for
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/bucket.h"
#include "common/conf.h"
#include "common/stats.h"
#include "webfiles/auth.h"
#include "webfiles/core.h"
#include "webfiles/limits.h"

enum { BUCKETS = 1024, SWEEP_MS = 60000, WAIT_MAX_S = 60, NET6 = 8 };

enum kind { CONNECTS, ADDRESS_REQUESTS, USER_REQUESTS, KINDS };

struct party {
	struct le he;
	char key[LIMITS_KEY];
	uint32_t conns;
	struct bucket v[KINDS];
};

struct limits {
	struct web *web;
	struct hash *ht;
	struct tmr tmr;
};

static const struct {
	const char *per_min, *burst;       /* keys                           */
} keyv[KINDS] = {
	[CONNECTS] = { "http.connects_per_min", "http.connections_per_address" },
	[ADDRESS_REQUESTS] = { "http.address_per_min", "http.address_burst" },
	[USER_REQUESTS] = { "http.user_per_min", "http.user_burst" },
};

static uint64_t n_parties, n_refused[KINDS];

static const struct stats_row rowv[] = {
	{ "http_limited_parties", &n_parties, true,
	  "Addresses and users whose use is remembered" },
	{ "http_connections_refused", &n_refused[CONNECTS], false,
	  "Connections closed at once: too many from one address" },
	{ "http_requests_refused_address", &n_refused[ADDRESS_REQUESTS], false,
	  "Requests answered 429: too many from one address" },
	{ "http_requests_refused_user", &n_refused[USER_REQUESTS], false,
	  "Requests answered 429: too many from one user" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void party_destructor(void *data)
{
	struct party *party = data;

	hash_unlink(&party->he);
	--n_parties;
}


static void destructor(void *data)
{
	struct limits *lim = data;

	tmr_cancel(&lim->tmr);
	hash_flush(lim->ht);
	mem_deref(lim->ht);
}


static int64_t setting(const struct limits *lim, const char *key)
{
	return (int64_t)config_uint(lim->web->conf, key);
}


static struct bucket_size size_of(const struct limits *lim, enum kind kind)
{
	return (struct bucket_size){
		.full    = 1000 * max(setting(lim, keyv[kind].burst), 1),
		.per_min = 1000 * setting(lim, keyv[kind].per_min),
	};
}


/* Seconds until there is one; 0: taken */
static uint32_t take(const struct limits *lim, struct party *party,
		     enum kind kind)
{
	const struct bucket_size size = size_of(lim, kind);
	struct bucket *b = &party->v[kind];
	uint64_t wait;

	if (!size.per_min)
		return 0;

	bucket_fill(b, &size);
	wait = bucket_wait_s(b, &size, 1000);
	if (!wait)
		b->milli -= 1000;
	else
		++n_refused[kind];

	return (uint32_t)min(wait, WAIT_MAX_S);
}


static bool is_idle(const struct limits *lim, struct party *party)
{
	int i;

	for (i = 0; i < KINDS; i++) {
		const struct bucket_size size = size_of(lim, (enum kind)i);

		if (!bucket_isfull(&party->v[i], &size))
			return false;
	}

	return !party->conns;
}


static bool sweep_handler(struct le *le, void *arg)
{
	if (is_idle(arg, le->data))
		mem_deref(le->data);

	return false;
}


static void sweep(void *arg)
{
	struct limits *lim = arg;

	tmr_start(&lim->tmr, SWEEP_MS, sweep, lim);
	(void)hash_apply(lim->ht, sweep_handler, lim);
}


int limits_alloc(struct limits **lp, struct web *web)
{
	struct limits *lim = mem_zalloc(sizeof(*lim), destructor);
	int err;

	if (!lim)
		return ENOMEM;

	lim->web = web;
	err = hash_alloc(&lim->ht, BUCKETS);
	if (err) {
		mem_deref(lim);
		return err;
	}
	tmr_start(&lim->tmr, SWEEP_MS, sweep, lim);
	*lp = lim;

	return 0;
}


static bool key_handler(struct le *le, void *arg)
{
	const struct party *party = le->data;

	return !strcmp(party->key, arg);
}


/* NULL: no memory, no limit */
static struct party *party_of(struct limits *lim, char *key)
{
	const uint32_t h = hash_joaat_str(key);
	struct party *party;

	party = list_ledata(hash_lookup(lim->ht, h, key_handler, key));
	if (party)
		return party;

	party = mem_zalloc(sizeof(*party), party_destructor);
	if (!party)
		return NULL;

	str_ncpy(party->key, key, sizeof(party->key));
	hash_append(lim->ht, h, &party->he, party);
	++n_parties;

	return party;
}


/* Whoever has one IPv6 address has its whole network */
static void address_key(char key[LIMITS_KEY], const struct sa *sa)
{
	uint8_t ip[16];

	if (sa_af(sa) != AF_INET6) {
		(void)re_snprintf(key, LIMITS_KEY, "%j", sa);
		return;
	}

	sa_in6(sa, ip);
	(void)re_snprintf(key, LIMITS_KEY, "%w/64", ip, (size_t)NET6);
}


/* A proxy: one that is trusted, or the one that does TLS for us */
static bool is_proxy(const struct limits *lim, const struct sa *peer)
{
	return auth_trusts(lim->web->auth, peer) ||
		(!config_str(lim->web->conf, "http.certificate") &&
		 sa_is_loopback(peer));
}


bool limits_connect(struct limits *lim, const struct sa *peer)
{
	const int64_t most = setting(lim, "http.connections_per_address");
	char key[LIMITS_KEY];
	struct party *party;

	if (!most || is_proxy(lim, peer))
		return true;

	address_key(key, peer);
	party = party_of(lim, key);
	if (!party)
		return true;
	if (party->conns >= most) {
		++n_refused[CONNECTS];
		return false;
	}

	return !take(lim, party, CONNECTS);
}


void limits_count(struct limits *lim, const struct sa *peer, bool opened)
{
	char key[LIMITS_KEY];
	struct party *party;

	address_key(key, peer);
	party = party_of(lim, key);
	if (!party)
		return;

	if (opened)
		++party->conns;
	else if (party->conns)
		--party->conns;
}


uint32_t limits_address(struct limits *lim, const char *address)
{
	char key[LIMITS_KEY];
	struct party *party;
	struct sa sa;

	if (sa_set_str(&sa, address, 0) || is_proxy(lim, &sa))
		return 0;

	address_key(key, &sa);
	party = party_of(lim, key);

	return party ? take(lim, party, ADDRESS_REQUESTS) : 0;
}


uint32_t limits_user(struct limits *lim, int64_t principal_id)
{
	char key[LIMITS_KEY];
	struct party *party;

	(void)re_snprintf(key, sizeof(key), "user %lld",
			  (long long)principal_id);
	party = party_of(lim, key);

	return party ? take(lim, party, USER_REQUESTS) : 0;
}
