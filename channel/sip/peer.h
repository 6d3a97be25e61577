/**
 * @file channel/sip/peer.h  Whom we believe
 *
 * Addresses (CIDR) for plain TCP, certificate names for TLS, and which
 * address a peer that proved its name was last seen at: where a Route that
 * names it leads to, without asking DNS.
 */
#pragma once

struct peers;

/**
 * @param addrs  Blank- or comma-separated "192.0.2.0/24 2001:db8::1", or NULL
 * @param names  Likewise certificate names, "*.example.net" for one label
 *
 * @return 0, EINVAL (not an address or prefix), ENOMEM
 */
int  peers_alloc(struct peers **pp, const char *addrs, const char *names);

bool peers_has_addrs(const struct peers *peers);
bool peers_has_names(const struct peers *peers);
bool peers_addr_ok(const struct peers *peers, const struct sa *sa);
bool peers_name_ok(const struct peers *peers, const char *name);

/** A TLS peer proved that it is @p name, from this address */
void peers_seen(struct peers *peers, const char *name, const struct sa *sa);
/** Where it was seen last; port 0.  ENOENT */
int  peers_lookup(const struct peers *peers, const struct pl *name,
		  struct sa *sa);
/** Lists were read again: keep where those still listed were seen */
void peers_inherit(struct peers *peers, const struct peers *old);
/** Some TLS peer was seen there */
bool peers_was_seen(const struct peers *peers, const struct sa *sa);
