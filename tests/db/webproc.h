/**
 * @file tests/db/webproc.h  A web service on the operator's store, and a browser
 *
 * The real pchat-webfiles on a free port of 127.0.0.1, in a process of its
 * own; it ends with the test.  One browser, which keeps its cookies and sends
 * the token that it was told.
 */
#pragma once

#include <check.h>

/** Start it; @p lines are added to its configuration.  After op_setup() */
void wp_start(const char *lines, ...) __attribute__((format(printf, 1, 2)));
/** True when it ends by itself with that exit status instead */
bool wp_refuses(const char *lines, ...) __attribute__((format(printf, 1, 2)));
void wp_stop(void);
/** Ask it to stop, without waiting; its exit status when it has */
void wp_ask_to_stop(void);
int  wp_stopped(void);
/** A line for its control socket; the answer is not told */
void wp_control(const char *line);
unsigned wp_port(void);

/** Without cookies, as another browser */
void wp_forget(void);
/** A header of all requests from now on; NULL: none */
void wp_header(const char *line);
/** If-Match of the next request: the ETag of the last answer */
void wp_match(void);

/** @return the status; 0: no answer */
long wp_call(const char *method, const char *path, const char *body);
/** The last answer */
const char *wp_body(void);
const char *wp_tag(void);
/** Text of a member of the last answer, or "" */
const char *wp_text(const char *name);

/** Sign in with a password; the status */
long wp_signin(const char *user, const char *password);

#define wp_is(status, method, path, body)                              \
	do {                                                            \
		const long got_ = wp_call((method), (path), (body));    \
		ck_assert_msg(got_ == (status), "%s %s: %ld %s",       \
			      (method), (path), got_, wp_body());       \
	} while (0)
#define wp_said(text)                                                   \
	ck_assert_msg(strstr(wp_body(), (text)), "%s", wp_body())
