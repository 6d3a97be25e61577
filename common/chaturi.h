/**
 * @file common/chaturi.h  ma-chan:, ma-cat: and user URIs (protocol.md 3.4)
 */
#pragma once

#include "common/guid.h"

enum chaturi_kind { CHATURI_ROOM, CHATURI_CATEGORY };

enum { CHATURI_SIZE = 320 };

/** "ma-chan://DOMAIN/GUID" or "ma-cat://DOMAIN/GUID"; EOVERFLOW: too long */
int  chaturi_print(char *buf, size_t size, enum chaturi_kind kind,
		   const char *domain, const uint8_t guid[GUID_SIZE]);
/**
 * Any case, any domain; the id must be a GUID
 *
 * @return 0, EBADMSG not such a URI, ENOENT the id is no GUID of ours
 */
int  chaturi_decode(uint8_t guid[GUID_SIZE], enum chaturi_kind kind,
		    const struct pl *uri);

/**
 * The canonical spelling of a user's URI: "sip:user@host", lower case, no
 * parameters, no port, no display name, escapes only where RFC 3261 19.1.4
 * tells them from the character.  Accepts a missing "sip:", "sips:", angle
 * brackets
 *
 * @return 0, EBADMSG (no user or host), EOVERFLOW
 */
int  useruri_canon(char *buf, size_t size, const struct pl *uri);
