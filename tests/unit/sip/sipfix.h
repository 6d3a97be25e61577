/**
 * @file tests/unit/sip/sipfix.h  A SIP core and raw clients on one loop
 *
 * The core listens on a port of 127.0.0.1 that the kernel picks; the
 * application below it notes what it is told.  Every wait runs the loop until
 * something is true or five seconds have passed.
 */
#pragma once

#include "channel/sip/uas.h"
#include "channel/sip/dialog.h"

enum { NOTES_MAX = 64 };

/** What the application does with what it is told, and what that was */
struct app {
	struct uas *uas;
	bool hold_invite, hold_info, refuse_invite, busy;
	bool close_in_info, bye_in_closed;
	struct st *held[NOTES_MAX];    /* INVITEs or INFOs                   */
	unsigned heldn;
	int accept_err;
	struct dlg *dlg;               /* the latest                         */
	unsigned invites, infos, subscribes, closes;
	char user[128], display[128], epid[64], to[128], ruri_user[64];
	char body[262144];
	char event[64];
	enum dlg_end why;
};

/** A client that is only a socket and what it has read */
struct raw {
	int fd;
	struct ssl_st *ssl;
	char *buf;
	size_t len;
	bool closed, paused, secured;
	char msg[300000];              /* the message raw_msg() returned     */
};

/** Opens a core; conf may be NULL */
void app_open(struct app *app, const struct uas_conf *conf);
void app_close(struct app *app);
/** Plain TCP on loopback, everybody there trusted */
void app_conf(struct uas_conf *conf);

typedef bool (cond_h)(void *arg);
/** Runs the loop until cond is true; false after five seconds */
bool loop_until(cond_h *cond, void *arg);
/** The same for a number */
bool loop_until_is(const unsigned *value, unsigned want);
/** Runs the loop for @p ms */
void loop_for(unsigned ms);

struct raw *raw_open(const struct app *app);
/** Connects to @p port over TLS with these files (NULL: no certificate) */
struct raw *raw_tls(uint16_t port, const char *cert, const char *key,
		    const char *ca);
/** Takes over a connected socket */
struct raw *raw_adopt(int fd);
void raw_close(struct raw *raw);
void raw_send(struct raw *raw, const char *msg);
void raw_sendn(struct raw *raw, const char *msg, size_t len);
/** Next message, whole, or NULL: closed or nothing came */
const char *raw_msg(struct raw *raw);
/** Nothing comes before the answer to an OPTIONS that it sends */
bool raw_silent(struct raw *raw);
bool raw_wait_closed(struct raw *raw);

/** A field of a message, static storage; "" when missing */
const char *field(const char *msg, const char *name);
/** Status of a response, 0 of a request */
int status(const char *msg);
const char *body(const char *msg);

/** What of a request is not as usual; static storage */
struct req {
	const char *met, *totag, *branch, *extra, *ctype, *body;
	const char *from, *callid, *ruri, *ftag;
	const char *asserted;          /* URI; NULL: as From, "": none       */
	unsigned cseq;
};
const char *request(const struct req *req);
/** INVITE, 200, ACK; returns our tag, static storage.  extra: more fields */
const char *sign_in(struct raw *raw, const char *extra);
/** 200 to a request of the core's; code other than 200 as told */
void raw_answer(struct raw *raw, const char *msg, int code);
