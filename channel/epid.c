/**
 * @file channel/epid.c  What tells the clients of one user apart
 *
 * ;epid= is optional, and any token.  Rooms are kept for the client that comes
 * back under its name, so that two clients must never have the same one.
 */
#include <openssl/sha.h>
#include <re.h>
#include "channel/epid.h"
#include "channel/sip/uas.h"


static bool plain(const struct pl *pl)
{
	for (size_t i = 0; i < pl->l; i++) {
		if (pl->p[i] < 0x21 || pl->p[i] > 0x7e)
			return false;
	}

	return pl->l <= EPID_MAX;
}


static int digest(char **epidp, const struct pl *pl)
{
	uint8_t md[SHA256_DIGEST_LENGTH];

	(void)SHA256((const uint8_t *)pl->p, pl->l, md);

	return re_sdprintf(epidp, "%w", md, sizeof(md));
}


int epid_of(char **epidp, const struct uas_invite *inv)
{
	const struct pl *pl = inv->epid.l ? &inv->epid : &inv->instance;

	/* '/' is in no token: nobody else's epid */
	if (!pl->l)
		return re_sdprintf(epidp, "/%016llx", rand_u64());

	return plain(pl) ? pl_strdup(epidp, pl) : digest(epidp, pl);
}
