/**
 * @file tests/scenario/scene.h  What the scenarios share
 *
 * A suite states its people and rooms as import data and brings one pool up
 * for all of its tests, which keep apart by using rooms of their own.
 */
#pragma once

#include <re.h>
#include <check.h>
#include "tests/support/chat.h"
#include "tests/support/client.h"
#include "tests/support/inbox.h"
#include "tests/support/pool.h"
#include "tests/support/rawsip.h"
#include "tests/support/wait.h"
#include "tests/support/xd.h"

/** A user object of the import data */
#define USER(name) "{\"uri\":\"sip:" name "@example.net\"," \
	"\"display\":\"" name "\",\"password\":\"" name "\",\"enabled\":true}"
/** An open room of category "Main" */
#define ROOM(name) "{\"name\":\"" name "\",\"category\":\"Main\"," \
	"\"privacy\":\"open\"}"
/** A category everybody of the domain may come into */
#define MAIN "{\"name\":\"Main\",\"allowed\":[\"domain:example.net\"]}"

#define SIP(name) "sip:" name "@example.net"

/** A test that uses the loop: fail with the line, not with a crash */
#define ck_open(c, pool, i, name)                                       \
	do {                                                            \
		(c) = chat_open((pool), (i), (name), NULL);             \
		ck_assert_ptr_nonnull(c);                               \
	} while (0)

#define ck_room(uri, pool, name)                                        \
	do {                                                            \
		(uri) = chat_room((pool), (name));                      \
		ck_assert_ptr_nonnull(uri);                             \
	} while (0)

/** Send a command.  @return the code of its reply, 0: none; *xp is the reply */
unsigned ask(struct client *c, struct xd **xp, const char *verb,
	     const char *data_fmt, ...);
/** pchatctl import of this text */
void scene_import(struct pool *pool, const char *json);
