/**
 * @file channel/sip/conn.h  Connections: framed SIP in, gathered bytes out
 *
 * Own non-blocking TCP and TLS on libre's fd_listen().  Input is read into
 * one buffer of the process and handed on as views; a connection owns memory
 * only for a message that is not complete.  Output is appended to a buffer
 * that the connection has while there is something in it, and written once at
 * the end of the loop's turn.  Nothing is closed, and no handler called,
 * while a sender is at work: that, too, happens at the end of the turn.
 * Loop thread only.
 */
#pragma once

struct conns;
struct conn;
struct view;
struct peers;

enum {
	CONN_FIRST_REQUEST_MS = 32000, /* who never sends one is closed      */
	CONN_DIAL_MS         = 5000,   /* to be connected, TLS included      */
	CONN_DIAL_HOLD_MS    = 1000,   /* after a failure to the same peer   */
};

struct conns_conf {
	uint32_t body_max;             /* bytes                              */
	uint32_t head_max;             /* bytes                              */
	uint32_t head_hard_max;        /* bytes without the end of a head    */
	uint32_t skip_max;             /* bytes of a message read past       */
	uint32_t output_max;           /* bytes unsent; beyond it: cut       */
	uint32_t conns_max;
	uint32_t user_timeout_ms;      /* data unacknowledged by the peer    */
	uint32_t keepalive_s;          /* silence before the peer is probed  */
};

/** Why a message is not handed on */
enum conn_refusal {
	CONN_HEAD_TOO_LARGE,
	CONN_BODY_TOO_LARGE,
	CONN_NO_LENGTH,                /* the connection ends                */
	CONN_BAD_LENGTH,               /* the connection ends                */
};

struct conns_h {
	/** A message with its whole body.  v is valid during the call */
	void (*msg)(struct conn *conn, struct view *v, void *arg);
	/** A message that is read past, or after which nothing can be read:
	 *  its head only */
	void (*refuse)(struct conn *conn, struct view *v,
		       enum conn_refusal why, void *arg);
	/** It is gone; nothing more comes from it */
	void (*closed)(struct conn *conn, void *arg);
	/** End of a turn in which conns_wake() was called, before the writes */
	void (*turn)(void *arg);
};

int  conns_alloc(struct conns **csp, const struct conns_conf *conf,
		 const struct conns_h *h, void *arg);
/** Takes a reference; also in place of earlier ones */
void conns_set_peers(struct conns *cs, struct peers *peers);
/** Certificates for new connections; EBADMSG keeps the earlier ones */
int  conns_load_tls(struct conns *cs, const char *cert, const char *key,
		    const char *ca);
/** @param addr "ADDRESS:PORT".  EINVAL, EADDRINUSE, EADDRNOTAVAIL */
int  conns_listen(struct conns *cs, bool tls, const char *addr);
/** Where it listens; port 0 when it does not */
const struct sa *conns_laddr(const struct conns *cs, bool tls);

/**
 * The connection to a peer: one that is up or being dialled, else a new one;
 * what is written to it leaves when it is connected
 *
 * @return 0, EACCES (not a peer we believe), EAGAIN (failed a moment ago),
 *         EMFILE, or what connect() said
 */
int  conns_dial(struct conn **connp, struct conns *cs, bool tls,
		const struct sa *peer);

/** Have h.turn called at the end of this turn */
void conns_wake(struct conns *cs);
/** Close what never sent a request; call it about once a second */
void conns_tick(struct conns *cs);
/** Milliseconds, monotonic, as of the last event or tick */
uint64_t conns_now(const struct conns *cs);
const struct peers *conns_peers(const struct conns *cs);

/**
 * Room for @p len bytes of output, to be followed by conn_commit()
 *
 * @return NULL when the connection is gone, cut, or without memory
 */
char *conn_reserve(struct conn *conn, size_t len);
void conn_commit(struct conn *conn, size_t len);

/** It sent a request that makes sense: may stay when it is silent */
void conn_welcome(struct conn *conn);
/** Close it at the end of the turn, after what was written if @p drain */
void conn_shut(struct conn *conn, bool drain);

bool conn_alive(const struct conn *conn);
/** Alive and connected; NULL is not */
bool conn_up(const struct conn *conn);
bool conn_tls(const struct conn *conn);
/** Our address and listening port, as the peer may reach us */
const struct sa *conn_laddr(const struct conn *conn);
const struct sa *conn_peer(const struct conn *conn);
/** For the owner: the dialogs on it */
struct list *conn_users(struct conn *conn);
/** Whether the core that it belongs to is still there */
bool conn_owned(const struct conn *conn);
