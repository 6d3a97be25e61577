/**
 * @file channel/sip/conn_priv.h  What the files of connections share
 */
#pragma once

#include "channel/sip/conn.h"

struct tlsio_ctx;
struct ssl_st;

enum {
	CONN_RBUF     = 256 * 1024,    /* the shared read buffer             */
	CONN_LONG     = 64 * 1024,     /* an unfinished head beyond it is kept
					  where it is                        */
	CONN_EARLY    = 1 << 20,       /* written before the turn ends       */
	CONN_READS    = 4,             /* full buffers per event             */
	CONN_ACCEPTS  = 256,           /* per turn                           */
};

enum conn_state { CONN_DIALLING, CONN_HANDSHAKE, CONN_UP, CONN_DEAD };

/** Output: len bytes from off; no memory when empty */
struct outbuf {
	char *p;
	size_t cap, off, len;
};

/** Outlives the connections' owner where somebody still holds one of them */
struct conn_life {
	bool open;
};

struct conn {
	struct le le;                  /* all                                */
	struct le le_fresh;            /* no request yet                     */
	struct le le_dialled;
	struct le le_dirty;            /* to be looked at when the turn ends */
	struct conns *cs;              /* NULL when finished                 */
	struct conn_life *life;        /* reference                          */
	struct ssl_st *ssl;
	struct list userl;
	struct sa peer, laddr;
	uint64_t deadline;             /* while fresh                        */
	int fd;
	int flags;                     /* as told to fd_listen               */
	enum conn_state state;
	bool tls, dialled;
	bool draining;                 /* close when written                 */
	bool reread;                   /* input waits inside TLS             */
	bool failed;                   /* not by the peer's orderly close    */
	uint8_t crlf;                  /* of CR LF CR LF                     */

	char *in;                      /* an incomplete message              */
	size_t inlen, incap;
	size_t need;                   /* its whole length, 0 not known      */
	size_t scan;                   /* no end of head before this         */
	size_t skip;                   /* of a body that is read past        */

	struct outbuf out;
};

struct dialfail {
	struct sa peer;
	uint64_t until;
};

struct listener {
	struct conns *cs;
	struct tmr tmr;                /* pause without descriptors          */
	struct sa laddr;
	int fd;
	bool tls;
};

struct conns {
	struct conns_conf conf;
	struct conns_h h;
	void *arg;
	struct list connl, freshl, dialledl, dirtyl;
	struct listener lsnv[2];       /* by bool tls                        */
	struct dialfail failv[8];
	unsigned failn;
	struct peers *peers;
	struct tlsio_ctx *tls;
	struct conn_life *life;
	struct tmr tmr_turn;
	uint64_t now;
	uint32_t count;
	bool woken;
	char *rbuf;
};

/* conn.c */
int  conn_alloc(struct conn **connp, struct conns *cs, int fd, bool tls,
		const struct sa *peer);
void conn_event(int flags, void *arg);
int  conn_watch(struct conn *conn, int flags);
void conn_dirty(struct conn *conn);
void conn_kill(struct conn *conn, const char *why);
void conn_finish(struct conn *conn);
int  conn_start(struct conn *conn);

/* listen.c, dial.c */
void listener_close(struct listener *lsn);
void conns_hold(struct conns *cs, const struct sa *peer);

/* conn_in.c */
void conn_read(struct conn *conn);

/* conn_out.c */
void conn_flush(struct conn *conn);
void outbuf_free(struct outbuf *out);
void outbuf_drain_pool(void);
