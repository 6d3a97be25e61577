/**
 * @file channel/sip/identity.h  Who sent a request
 *
 * The peer is trusted, so what it asserts counts (P-Asserted-Identity, RFC
 * 3325; protocol.md 2.1).  From is what the client says of itself; it counts
 * only where the configuration asks for that.
 */
#pragma once

#include "common/chaturi.h"

struct view;

struct identity {
	char user[CHATURI_SIZE];       /* canonical "sip:user@host"          */
	struct pl display;             /* of From, without quotes; may be "" */
	struct pl epid;                /* of From; may be ""                 */
};

/**
 * @param from_counts  Take From where no SIP identity is asserted
 *
 * @return 0, EACCES (nothing asserted, or two different users), EBADMSG (no
 *         usable address), EOVERFLOW
 */
int identity_decode(struct identity *id, const struct view *v,
		    bool from_counts);
/** The field that identity_decode() would read, where it is only one; NULL */
const struct pl *identity_field(const struct view *v, bool from_counts);
