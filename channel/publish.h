/**
 * @file channel/publish.h  What a client publishes of itself: SERVICE with
 *                          application/msrtc-category-publish+xml
 *
 * Spec: protocol.md section 8.  The body of a publication is kept as it came;
 * all that is understood of it is which room a "roomSetting" follows.
 */
#pragma once

#include "common/guid.h"

struct db_args;
struct pl;

enum {
	PUBLISH_MAX      = 100,      /* publications in a request            */
	PUBLISH_NAME_MAX = 64,       /* bytes of a category's name           */
	PUBLISH_BODY_MAX = 16384,    /* bytes of one                         */
	PUBLISH_KEPT_MAX = 1000,     /* publications of a user               */
	PUBLISH_BOUND_S  = 86400,    /* life of what ends with its endpoint,
	                                of which we do not know              */
};

struct publication {
	const char *name, *type;     /* strings of the document              */
	int64_t instance, version;
	int32_t container;
	int32_t life_s;              /* -1: for ever; 0: remove it           */
	size_t pos, len;             /* of the body in publish.mb            */
	char room[GUID_STRSIZE];     /* "" when it follows none              */
};

struct publish {
	struct xccos *doc;
	struct mbuf *mb;
	uint32_t n;
	struct publication v[PUBLISH_MAX];
};

/**
 * Read a request
 *
 * @param pubp  Set on success; mem_deref() it
 * @param user  Whose it must be: "sip:user@host"
 *
 * @return 0, EBADMSG (not such a document), EACCES (somebody else's), E2BIG
 *         (more or larger publications than the limits above), ENOMEM
 */
int  publish_decode(struct publish **pubp, const struct pl *body,
		    const char *user);

/** $2 to $9 of the statement presence_publish */
void publish_args(struct db_args *args, const struct publish *pub);
/** The names that occur in it, as text[] */
void publish_names(struct db_args *args, const struct publish *pub);
