/**
 * @file tests/support/browser.h  Somebody at the web service, on libcurl
 *
 * Blocks; every browser has cookies, a CSRF token and a connection of its own
 * and trusts the pool's certificates alone.
 */
#pragma once

#include <re.h>

struct browser;
struct pool;

/** @param web  Which process of the web service */
int  browser_open(struct browser **bp, const struct pool *pool, size_t web);
/** Sign in as NAME with the password NAME, keep cookie and CSRF token.
 *  @return the status */
unsigned browser_signin(struct browser *b, const char *name);
/** The same, opened and signed in; NULL: failed */
struct browser *browser_as(const struct pool *pool, size_t web,
			   const char *name);

/** For the next request only: "If-Match: \"x\"", in libre's format */
void browser_with(struct browser *b, const char *fmt, ...);
/** Leave the CSRF token out of, or put another into, what follows; NULL: as
 *  it was told */
void browser_csrf(struct browser *b, const char *csrf);
/** Use another session cookie: "NAME=VALUE" */
void browser_cookie(struct browser *b, const char *cookie);

/** Connect from this address of the machine, anew for each request */
void browser_from(struct browser *b, const char *address);

/** @return the status, 0: no answer */
unsigned browser_get(struct browser *b, const char *fmt, ...);
/** A request with a JSON body; "" sends none */
unsigned browser_send(struct browser *b, const char *method, const char *body,
		      const char *fmt, ...);
/** A body of any type, "" for none of its own.  With @p chunked its length is
 *  not said */
unsigned browser_put(struct browser *b, const char *method, const char *type,
		     const void *p, size_t len, bool chunked,
		     const char *fmt, ...);

/** What the last answer held; valid until the next request */
const struct mbuf *browser_body(const struct browser *b);
const char *browser_text(const struct browser *b);
/** A header's value, NULL: none */
const char *browser_head(const struct browser *b, const char *name);
/** A member of the JSON body: "items.0.name"; "" when it is not there */
const char *browser_member(struct browser *b, const char *path);
/** Members of an object or elements of an array there */
size_t browser_count(struct browser *b, const char *path);
