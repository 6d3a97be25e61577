/**
 * @file common/limits.h  How long texts may be
 *
 * In characters (code points), as the store's checks count them (length() in
 * sql/), whichever way a text comes in: XCCOS, the web API, pchatctl, import.
 * Chat messages alone are measured in bytes, because clients are told so
 * (messageSizeLimit, protocol.md 4.2).
 */
#pragma once

enum {
	LIMIT_NAME        = 256,   /* of a room, category, add-in, file      */
	LIMIT_DESCRIPTION = 256,
	LIMIT_FIND        = 256,   /* what rooms and users are searched for  */
	LIMIT_SEARCH      = 1024,  /* what messages are searched for         */
	LIMIT_WATCH       = 1024,  /* all terms of a watch                   */
	LIMIT_LABEL       = 256,   /* of a preference                        */

	LIMIT_CHAR_BYTES  = 4,     /* of a character, at most                */
};
