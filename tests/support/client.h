/**
 * @file tests/support/client.h  A SIP client for tests, on libre's sipsess
 *
 * An implementation of SIP that is not ours plays the client.  Every client
 * has a SIP stack, and so a TCP connection, of its own; all of them share the
 * loop, which runs while a function here waits.  INFOs from the server are
 * answered 200 at once and kept in an inbox in the order in which they came.
 * What sipsess cannot send (repeats, broken bytes) is for rawsip.h.
 */
#pragma once

struct client;
struct inbox;

enum { CLIENT_MS = 10000 };            /* how long a step may take */

struct client_conf {
	const char *user;              /* "sip:ada@example.net"              */
	const char *display;           /* or NULL                            */
	const char *epid;              /* or NULL                            */
	const char *to;                /* pool URI                           */
	const char *hop;               /* "127.0.0.1:PORT" to send it to     */
};

/** What came back for the INVITE */
struct client_answer {
	uint16_t status;
	unsigned diag;                 /* id of Ms-diagnostics, 0: none      */
	unsigned expires_s;            /* of Session-Expires                 */
	bool refresher_uac;
};

/**
 * INVITE, wait for the answer, ACK
 *
 * @param cp   Set on success; end it with client_close() or client_drop()
 * @param ans  Filled when there was a final answer; may be NULL
 *
 * @return 0, EPROTO (refused), ETIMEDOUT, or what libre says
 */
int  client_open(struct client **cp, const struct client_conf *conf,
		 struct client_answer *ans);
/** BYE, wait for its answer.  @return always NULL */
void *client_close(struct client *c);
/** Close the connection without a word.  @return always NULL */
void *client_drop(struct client *c);

const char *client_user(const struct client *c);
/** The dialog has ended: BYE from the server, 408 or 481 to an INFO */
bool client_ended(const struct client *c);
/** Next envelope id of this client */
uint32_t client_envid(struct client *c);

/** @param status 0: no answer, the dialog or the connection has ended */
typedef void (client_status_h)(uint16_t status, void *arg);

/** Send an INFO; h() is called exactly once unless this fails */
int  client_send(struct client *c, const char *body, client_status_h *h,
		 void *arg);
/** The same, waiting.  @return its status, 0: none */
uint16_t client_info(struct client *c, const char *body);
/** INFOs that are not answered yet */
size_t client_pending(const struct client *c);

/** The INFOs that came */
struct inbox *client_inbox(const struct client *c);
/** Answer the server's INFOs with this status; 0 answers nothing */
void client_answer_with(struct client *c, uint16_t status);
