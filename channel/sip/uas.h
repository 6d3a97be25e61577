/**
 * @file channel/sip/uas.h  The SIP core: listeners, peers, requests by method
 *
 * TCP and TLS, from trusted peers only: over TLS a client certificate of our
 * CA whose name is listed, over plain TCP an address that is listed.  Requests
 * outside dialogs are answered by a table of methods; those inside find their
 * dialog by our own tag.  In-dialog INFO and the answers to ours take a short
 * path without libre's decoder.  Loop thread only.
 *
 * Spec: protocol.md section 2, clients.md section 13, design.md section 1.
 */
#pragma once

struct uas;
struct st;
struct dlg;
struct sub;

/** How the core listens and whom it believes; texts are copied */
struct uas_conf {
	const char *listen_tcp;        /* "ADDRESS:PORT", port 0 picks; NULL */
	const char *listen_tls;
	const char *cert, *key, *ca;   /* PEM files; key apart from cert     */
	const char *peer_addrs;        /* blank-separated CIDR list          */
	const char *peer_names;        /* blank-separated certificate names,
	                                  "*.example.net" matches one label  */
	uint32_t session_expires_s;    /* 1200                               */
	uint32_t info_timeout_s;       /* 32: unanswered INFO ends a dialog  */
	uint32_t window;               /* unanswered INFOs per dialog        */
	uint32_t queue_max;            /* waiting INFOs per dialog; beyond it
	                                  the dialog is given up             */
	uint32_t body_max;             /* bytes; beyond it 413               */
	uint32_t head_max;             /* bytes; beyond it 513               */
	uint32_t head_hard_max;        /* bytes without the end of the head;
	                                  beyond it the connection ends      */
	uint32_t skip_max;             /* bytes of a message read past;
	                                  beyond it the connection ends      */
	uint32_t output_max;           /* bytes unsent per connection; beyond
	                                  it the connection is cut           */
	uint32_t conns_max;            /* connections held open              */
	uint32_t user_timeout_ms;      /* unacknowledged by the peer's kernel;
	                                  beyond it the connection is gone   */
	uint32_t keepalive_s;          /* silence before the peer is probed  */
	const char *contact;           /* "HOST[:PORT]" in Contact and
	                                  Ms-diagnostics; NULL: our address  */
	bool identity_from;            /* From counts where nothing is
	                                  asserted                           */
};

/** A request for a new dialog; valid during the call */
struct uas_invite {
	const char *user;              /* canonical "sip:user@host"          */
	struct pl display;             /* From display name, may be empty    */
	struct pl epid;                /* From ;epid=, may be empty          */
	struct pl instance;            /* Contact ;+sip.instance=, may be "" */
	struct pl to;                  /* To URI as written                  */
	struct pl ruri_user;           /* user part of the Request-URI       */
	struct pl agent;               /* User-Agent, may be empty           */
};

struct uas_subscribe {
	const char *user;
	struct pl to;                  /* To URI as written                  */
	struct pl event;               /* without parameters                 */
	struct pl body;
	struct sub *sub;               /* sub.h; to be kept by mem_ref().
	                                  NULL: it cannot be told            */
};

struct uas_service {
	const char *user;
	struct pl to;                  /* To URI as written                  */
	struct pl ctype;               /* without parameters                 */
	struct pl body;
};

/** Why a dialog ended */
enum dlg_end {
	DLG_BYE,          /* the client said so                              */
	DLG_GONE,         /* 481, 487, 408 ... to our INFO, or no answer     */
	DLG_EXPIRED,      /* nothing heard for a session interval            */
	DLG_LOST,         /* its own connection closed (no Record-Route)     */
	DLG_SLOW,         /* does not take what we send: queue limit         */
	DLG_BARRED,       /* its user may not be here any more: dlg_bar()    */
};

/** What the core tells its user.  A handler gets @c arg last */
struct uas_events {
	/** Answer st with dlg_accept() or st_reply(), now or later */
	void (*invite)(struct st *st, const struct uas_invite *inv, void *arg);
	void (*subscribe)(struct st *st, const struct uas_subscribe *sub,
			  void *arg);
	/** The same for SERVICE outside dialogs; NULL: 405 */
	void (*service)(struct st *st, const struct uas_service *req,
			void *arg);
	/**
	 * INFO in a dialog.  Answer st exactly once, now or later.  body is
	 * valid during the call
	 */
	void (*info)(struct dlg *dlg, struct st *st, const struct pl *body,
		     void *arg);
	/** The dialog is over: send no more.  Not after dlg_close() */
	void (*closed)(struct dlg *dlg, enum dlg_end why, void *arg);
	/** One of our INFOs was answered with this, not 2xx; may be NULL */
	void (*refused)(struct dlg *dlg, uint16_t code, void *arg);
	/** New dialogs are accepted at all (false: 503); may be NULL */
	bool (*accepting)(void *arg);
	/** And work can be done: the answer to OPTIONS (false: 503); may be
	    NULL */
	bool (*ready)(void *arg);
};

/** @return 0, EINVAL, EADDRINUSE, EACCES (peer lists empty), EBADMSG (cert) */
int  uas_open(struct uas **uasp, const struct uas_conf *conf,
	      const struct uas_events *ev, void *arg);
/** Where it listens; port 0 when it does not */
const struct sa *uas_laddr(const struct uas *uas, bool tls);
/** Certificates again from their files; connections that are up stay */
int  uas_reload(struct uas *uas, const struct uas_conf *conf);

/**
 * A server transaction.  On the stack of the core while a handler runs: to
 * answer later, hold it
 *
 * @return a reference that st_reply() takes, NULL without memory
 */
struct st *st_hold(struct st *st);

/**
 * Answer it with a final response; releases a held one.  To the connection
 * the request came on, or nowhere when that is gone
 *
 * @param extra  More header lines, each with CR LF, or NULL
 */
void st_reply(struct st *st, uint16_t code, const char *reason,
	      const char *extra);

/** The same with a body */
void st_reply_body(struct st *st, uint16_t code, const char *reason,
		   const char *extra, const char *ctype, const struct pl *body);

/** An Ms-diagnostics line for @p extra (protocol.md 2.11): static storage
 *  per id, NULL for an id that is not in the table */
const char *diag_line(unsigned id);
/**
 * A Retry-After line and the Ms-diagnostics line, for 503 and 504
 *
 * @param reason  NULL: the id's own
 *
 * @return Valid until the next call
 */
const char *diag_again(unsigned seconds, unsigned id, const char *reason);
