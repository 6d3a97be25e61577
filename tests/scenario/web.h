/**
 * @file tests/scenario/web.h  What the scenarios of the web service share
 */
#pragma once

#include "tests/scenario/stage.h"
#include "tests/support/browser.h"

/** A browser that is signed in as NAME at the i-th process */
#define ck_browser(b, pool, i, name)                                    \
	do {                                                            \
		(b) = browser_as((pool), (i), (name));                  \
		ck_assert_ptr_nonnull(b);                               \
	} while (0)

/** The status that came, and with another one what came with it */
#define ck_status(b, call, status)                                      \
	do {                                                            \
		const unsigned status_ = (call);                        \
		ck_assert_msg(status_ == (status), "%u %s", status_,    \
			      browser_text(b));                         \
	} while (0)

/** Two instances, two processes of the web service, root is administrator.
 *  @param setv  As in pool_opts */
void web_up(const char *data, const char *const *setv);
/** Set one of the pool's settings in the store; NULL removes it */
void web_setting(const char *key, const char *value);
/** Run SQL */
void web_sql(const char *sql, const char *p1);
/** A number from the store */
int64_t web_number(const char *sql, const char *p1);
/** Ask again and again; false: a minute was not enough */
bool web_until(bool (*h)(void *arg), void *arg);
/** Files in a folder below DIR/files, -1: there is no such folder */
int  web_files(const char *folder);
/** A token for room and direction ("getfutok", "getfdtok") from SIP; NULL:
 *  refused.  mem_deref() it */
char *web_token(struct client *c, const char *room, const char *verb);
