/**
 * @file channel/sip/peer.c  Whom we believe
 */
#include <string.h>
#include <strings.h>
#include <netinet/in.h>
#include <re.h>
#include "channel/sip/peer.h"

enum { SEEN_MAX = 64 };

struct net4or6 {
	uint8_t addr[16];              /* IPv4 as ::ffff:a.b.c.d             */
	unsigned bits;
};

struct seen {
	char *name;
	struct sa sa;
};

struct peers {
	struct net4or6 *netv;
	size_t netc;
	char **namev;
	size_t namec;
	struct seen seenv[SEEN_MAX];
	size_t seenc, next;
};


static void destructor(void *data)
{
	struct peers *peers = data;

	for (size_t i = 0; i < peers->namec; i++)
		mem_deref(peers->namev[i]);
	for (size_t i = 0; i < peers->seenc; i++)
		mem_deref(peers->seenv[i].name);

	mem_deref(peers->namev);
	mem_deref(peers->netv);
}


static void addr16(uint8_t out[16], const struct sa *sa)
{
	if (sa_af(sa) == AF_INET) {
		memset(out, 0, 10);
		out[10] = out[11] = 0xff;
		memcpy(out + 12, &sa->u.in.sin_addr, 4);
	}
	else {
		memcpy(out, &sa->u.in6.sin6_addr, 16);
	}
}


static int net_decode(struct net4or6 *net, const struct pl *pl)
{
	struct pl addr = *pl, len = pl_null;
	const char *slash = pl_strchr(pl, '/');
	struct sa sa;
	uint32_t bits, max;

	if (slash) {
		addr.l = (size_t)(slash - pl->p);
		len.p  = slash + 1;
		len.l  = pl->l - addr.l - 1;
		if (!len.l || strspn(len.p, "0123456789") < len.l)
			return EINVAL;
	}

	if (sa_set(&sa, &addr, 0))
		return EINVAL;

	max  = sa_af(&sa) == AF_INET ? 32 : 128;
	bits = slash ? pl_u32(&len) : max;
	if (bits > max)
		return EINVAL;

	addr16(net->addr, &sa);
	net->bits = bits + 128 - max;
	return 0;
}


static bool net_has(const struct net4or6 *net, const uint8_t addr[16])
{
	const unsigned bytes = net->bits / 8, rest = net->bits % 8;
	const uint8_t mask = (uint8_t)(0xff00 >> rest);

	if (memcmp(net->addr, addr, bytes) != 0)
		return false;

	return !rest || !((net->addr[bytes] ^ addr[bytes]) & mask);
}


/* Next word of a list; false at its end */
static bool word(const char **s, struct pl *pl)
{
	static const char sep[] = " \t\r\n,";

	if (!*s)
		return false;

	pl->p = *s + strspn(*s, sep);
	pl->l = strcspn(pl->p, sep);
	*s    = pl->p + pl->l;

	return pl->l > 0;
}


static size_t words(const char *s)
{
	struct pl pl;
	size_t n = 0;

	while (word(&s, &pl))
		++n;

	return n;
}


static int addrs_decode(struct peers *peers, const char *addrs)
{
	struct pl pl;
	int err;

	peers->netv = mem_zalloc((words(addrs) + 1) * sizeof(*peers->netv),
				 NULL);
	if (!peers->netv)
		return ENOMEM;

	while (word(&addrs, &pl)) {
		err = net_decode(&peers->netv[peers->netc], &pl);
		if (err)
			return err;
		++peers->netc;
	}

	return 0;
}


static int names_decode(struct peers *peers, const char *names)
{
	struct pl pl;
	int err;

	peers->namev = mem_zalloc((words(names) + 1) * sizeof(*peers->namev),
				  NULL);
	if (!peers->namev)
		return ENOMEM;

	while (word(&names, &pl)) {
		err = pl_strdup(&peers->namev[peers->namec], &pl);
		if (err)
			return err;
		++peers->namec;
	}

	return 0;
}


int peers_alloc(struct peers **pp, const char *addrs, const char *names)
{
	struct peers *peers;
	int err;

	if (!pp)
		return EINVAL;

	peers = mem_zalloc(sizeof(*peers), destructor);
	if (!peers)
		return ENOMEM;

	err = addrs_decode(peers, addrs);
	if (err)
		goto out;

	err = names_decode(peers, names);

 out:
	if (err)
		mem_deref(peers);
	else
		*pp = peers;

	return err;
}


bool peers_has_addrs(const struct peers *peers)
{
	return peers && peers->netc > 0;
}


bool peers_has_names(const struct peers *peers)
{
	return peers && peers->namec > 0;
}


bool peers_addr_ok(const struct peers *peers, const struct sa *sa)
{
	uint8_t addr[16];

	if (!peers || !sa || !sa_isset(sa, SA_ADDR))
		return false;

	addr16(addr, sa);
	for (size_t i = 0; i < peers->netc; i++) {
		if (net_has(&peers->netv[i], addr))
			return true;
	}

	return false;
}


static bool name_match(const char *pattern, const char *name)
{
	const char *dot;

	if (0 == strcasecmp(pattern, name))
		return true;

	if (strncmp(pattern, "*.", 2) != 0)
		return false;

	dot = strchr(name, '.');
	return dot && dot != name && 0 == strcasecmp(pattern + 1, dot);
}


bool peers_name_ok(const struct peers *peers, const char *name)
{
	if (!peers || !str_isset(name))
		return false;

	for (size_t i = 0; i < peers->namec; i++) {
		if (name_match(peers->namev[i], name))
			return true;
	}

	return false;
}


static struct seen *seen_find(const struct peers *peers, const struct pl *name)
{
	for (size_t i = 0; i < peers->seenc; i++) {
		if (!pl_strcasecmp(name, peers->seenv[i].name))
			return (struct seen *)&peers->seenv[i];
	}

	return NULL;
}


void peers_seen(struct peers *peers, const char *name, const struct sa *sa)
{
	struct seen *seen;
	struct pl pl;

	if (!peers || !str_isset(name) || !sa)
		return;

	pl_set_str(&pl, name);
	seen = seen_find(peers, &pl);
	if (!seen) {
		seen = &peers->seenv[peers->next];
		peers->next  = (peers->next + 1) % SEEN_MAX;
		peers->seenc = MAX(peers->seenc, (size_t)(seen -
						     peers->seenv) + 1);
		seen->name = mem_deref(seen->name);
		if (str_dup(&seen->name, name))
			return;
	}

	seen->sa = *sa;
	sa_set_port(&seen->sa, 0);
}


void peers_inherit(struct peers *peers, const struct peers *old)
{
	if (!peers || !old)
		return;

	for (size_t i = 0; i < old->seenc; i++) {
		if (peers_name_ok(peers, old->seenv[i].name))
			peers_seen(peers, old->seenv[i].name,
				   &old->seenv[i].sa);
	}
}


int peers_lookup(const struct peers *peers, const struct pl *name,
		 struct sa *sa)
{
	const struct seen *seen;

	if (!peers || !name || !sa)
		return EINVAL;

	seen = seen_find(peers, name);
	if (!seen)
		return ENOENT;

	*sa = seen->sa;
	return 0;
}


bool peers_was_seen(const struct peers *peers, const struct sa *sa)
{
	if (!peers || !sa)
		return false;

	for (size_t i = 0; i < peers->seenc; i++) {
		if (sa_cmp(&peers->seenv[i].sa, sa, SA_ADDR))
			return true;
	}

	return false;
}
