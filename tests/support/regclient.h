/**
 * @file tests/support/regclient.h  A client behind the registrar, byte by byte
 *
 * Composes its own requests, so that a test may bend any part of one, and
 * answers Digest challenges.  Blocks; the loop is not used.
 */
#pragma once

struct reg;
struct raw;

struct reg_conf {
	const char *hop;          /* the registrar, "127.0.0.1:PORT"         */
	const char *user;         /* "ada", of example.net                   */
	const char *password;     /* NULL: challenges are not answered       */
	const char *source;       /* address to come from, or NULL           */
	bool sha256;              /* prefer it, where it is offered          */
};

/** A request; what is NULL or 0 is as the client itself would have it */
struct reg_req {
	const char *method;
	const char *ruri;
	const char *from;         /* whole value                             */
	const char *to;           /* whole value                             */
	const char *via;          /* more Via lines                          */
	const char *more;         /* more lines, each with its CR LF         */
	const char *callid;
	const char *ctype;
	const char *body;
	uint32_t cseq;
	bool in_dialog;           /* of reg_invite(): tags, Routes, Contact  */
	bool unanswered;          /* only send                               */
	bool no_contact;          /* it is in more                           */
};

int  reg_open(struct reg **rp, const struct reg_conf *conf);
/** "ada" */
const char *reg_user(const struct reg *r);
/** The connection */
struct raw *reg_raw(struct reg *r);

/** Send it, once; the final status, 0: none (closed, or not in time) */
uint16_t reg_ask(struct reg *r, const struct reg_req *q);
/** The same, and again with credentials when it is challenged */
uint16_t reg_prove(struct reg *r, const struct reg_req *q);
/** Proxy-Authorization line that answers the last challenge; mem_deref() it.
 *  NULL: there is none */
char *reg_digest(const struct reg *r, const char *method);

uint16_t reg_register(struct reg *r);
/** The same with an INVITE of the test's; ACK, the dialog is kept */
uint16_t reg_open_dialog(struct reg *r, const struct reg_req *invite);
/** INVITE the pool and ACK */
uint16_t reg_invite(struct reg *r, const char *pool_uri);
/** INFO in that dialog */
uint16_t reg_info(struct reg *r, const char *body);
/** To value, Route lines, and target of that dialog; borrowed */
const char *reg_to(const struct reg *r);
const char *reg_routes(const struct reg *r);
const char *reg_target(const struct reg *r);
const char *reg_callid(const struct reg *r);
const char *reg_ftag(const struct reg *r);
/** CSeq of the last request */
uint32_t reg_cseq(const struct reg *r);
