/**
 * @file channel/sip/identity.h  Who sent a request
 *
 * The peer is trusted, so P-Asserted-Identity counts; without it From does
 * (protocol.md 2.1).
 */
#pragma once

#include "common/chaturi.h"

struct view;

struct identity {
	char user[CHATURI_SIZE];       /* canonical "sip:user@host"          */
	struct pl display;             /* of From, without quotes; may be "" */
	struct pl epid;                /* of From; may be ""                 */
};

/** @return 0, EBADMSG (no usable address), EOVERFLOW */
int identity_decode(struct identity *id, const struct view *v);
