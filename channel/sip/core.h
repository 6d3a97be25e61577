/**
 * @file channel/sip/core.h  What the files of the SIP core share
 */
#pragma once

#include "channel/sip/view.h"
#include "channel/sip/conn.h"
#include "channel/sip/uas.h"
#include "channel/sip/dialog.h"
#include "channel/sip/sub.h"
#include "channel/sip/sipstats.h"

enum {
	TAG_SLOT   = 6,                /* hex digits                         */
	TAG_LEN    = 22,               /* slot, then 64 random bits          */
	RING_SPARE = 32,               /* INFOs' ring kept when it is empty  */
	RECENT_MAX = 16,               /* CSeqs a dialog remembers           */
	FAILS_MAX  = 5,                /* refused INFOs in a row             */
	TICK_MS    = 250,
	TICKS_WALK = 4,                /* every dialog once a second         */
	OK_FIRST_MS = 500, OK_MAX_MS = 4000, OK_LIFE_MS = 32000,
	SESSION_MIN_S = 90,            /* RFC 4028 5                         */
	SESSION_MAX_S = 86400,
	DIAG_PARSING = 1018,           /* Ms-diagnostics of what is malformed */
	CSEQ_FIRST = 100000000,        /* nine digits, patched in place      */
};

/** A server transaction; an INVITE's is part of struct invite */
struct st {
	struct uas *uas;
	struct conn *conn;             /* referenced by one that is held     */
	const struct view *v;          /* NULL in a held one, INVITE apart   */
	struct invite *inv;            /* INVITE outside dialogs             */
	enum sip_met method;
	uint32_t cseq;
	char tag[TAG_LEN];             /* the dialog of an INFO              */
	bool in_dlg, held, done;
	size_t vial;                   /* of the topmost Via's value         */
	size_t fieldl;                 /* held: the fields of the answer     */
	char fieldv[];
};

/** An INVITE: until it is refused, or its 200 acknowledged */
struct invite {
	struct st st;
	struct le he;                  /* by Call-ID                         */
	struct le le_ok;               /* waits for ACK                      */
	struct view view;              /* of copy                            */
	struct dlg *dlg;               /* NULL: pending                      */
	char *user;                    /* who sent it                        */
	struct mbuf *ok;
	uint64_t next, until;          /* ms                                 */
	uint32_t interval;             /* ms                                 */
	char *copy;
	bool cancelled;
};

struct info {
	size_t len;
	char data[];
};

struct recent {
	uint32_t cseq;
	uint16_t status;               /* 0: not answered yet                */
	bool used;
};

struct dlg {
	struct le le_conn;             /* on its connection                  */
	struct le le_over;             /* closed() is due                    */
	struct uas *uas;
	struct conn *conn;             /* NULL: lost, to be dialled          */
	struct conn *spare;            /* reference: where the client was
					  heard while answers are due on
					  conn; NULL                         */
	struct invite *inv;            /* until ACK                          */
	void *arg;
	uint32_t slot;
	char tag[TAG_LEN + 1];
	char *self;                    /* To URI of its INVITE               */
	char *user;                    /* canonical; whose dialog it is      */
	char *proof;                   /* the field that last proved it      */
	char *callid, *rtag;
	char *route;                   /* topmost Record-Route, or NULL      */

	/* What every request of ours begins with, up to the end of CSeq */
	char *head;
	size_t headl, viao, resto;     /* Via line; what follows it          */
	size_t fromo, froml, too, tol; /* values of From and To, from resto  */
	size_t brancho, cseqo;         /* where nine digits are patched      */
	uint32_t inhead;               /* what they say, 0: nothing yet      */

	/* INFOs unanswered (the first sent of them) and waiting: a ring */
	struct info **qv;
	uint32_t qhead, qlen, qcap, sent;
	uint32_t base;                 /* CSeq of the first in the ring      */
	uint32_t top;                  /* one past the highest CSeq used     */
	uint32_t mark;                 /* base as the tick saw it            */
	uint64_t marked;               /* since when, ms                     */

	uint64_t heard;                /* ms                                 */
	uint32_t expires_s;
	uint32_t rseq;                 /* highest of the client, in-dialog   */
	struct recent recentv[RECENT_MAX];
	uint8_t recentn, fails;
	bool over, tls;
	enum dlg_end why;
};

struct uas {
	struct uas_conf conf;          /* numbers; its texts are not kept    */
	char *contact;                 /* "HOST[:PORT]", or NULL             */
	struct uas_events ev;
	void *arg;
	uint64_t life;                 /* random: a new process is another   */
	struct conns *conns;
	struct hash *ht_inv;
	struct list okl;               /* INVITEs without ACK                */
	struct list overl;             /* dialogs to be told of              */
	struct tmr tmr_tick;
	uint32_t ticks;

	struct dlg **slotv;
	uint32_t *freev;               /* slots that are free, as a stack    */
	uint32_t slots, freec;
	uint32_t walk;                 /* slot the tick goes on from         */
};

/* st.c */
extern const char uas_allow[];     /* "Allow: ...\r\n" */
void st_init(struct st *st, struct uas *uas, struct conn *conn,
	     const struct view *v);
char *st_put_vias(char *p, const struct view *v);
void st_tag(char buf[16], const struct view *v);
void st_answer(struct uas *uas, struct conn *conn, const struct view *v,
	       uint16_t code, const char *reason, const char *extra);

/* diag.c */
enum { DIAG_LINE = 384 };
void diag_source(const char *host);
/** An Ms-diagnostics line for what is malformed; valid until the next call */
const char *diag_text(const char *reason);

/* route.c: a connection to where these lead; errors as conns_dial() */
int  route_dial(struct conn **connp, struct uas *uas, const struct pl *route);
int  route_dial_via(struct conn **connp, struct uas *uas,
		    const struct pl *via, bool tls);

/* body.c */
enum body_state {
	BODY_NONE,                     /* none, or to be passed over         */
	BODY_READ,
	BODY_REFUSED,                  /* answered 415                       */
};
enum body_state body_judge(struct uas *uas, struct conn *conn,
			   const struct view *v);

/* timer.c; true: answered 400 or 422 */
bool timer_refuse(struct uas *uas, struct conn *conn, const struct view *v);
uint32_t timer_negotiate(const struct uas *uas, const struct view *v);
bool timer_known(const struct view *v);

/* uas.c */
extern const struct conns_h uas_handlers;
void uas_options(struct uas *uas, struct conn *conn, const struct view *v);
void uas_not_allowed(struct uas *uas, struct conn *conn,
		     const struct view *v);
void uas_forbid(struct uas *uas, struct conn *conn, const struct view *v,
		int err);

/* invite.c */
void invite_request(struct uas *uas, struct conn *conn,
		    const struct view *v);
void invite_cancel(struct uas *uas, struct conn *conn, const struct view *v);
void invite_acked(struct invite *inv);
void invite_done(struct invite *inv);
void invite_tick(struct uas *uas, uint64_t now);

/* dlg_table.c */
struct dlg *dlg_find(const struct uas *uas, const struct pl *tag);
int  dlg_slot_take(struct uas *uas, struct dlg *dlg);
void dlg_end(struct dlg *dlg, enum dlg_end why);
void dlg_flush_over(struct uas *uas);
void dlg_table_free(struct uas *uas);

/* dialog.c */
void dlg_pin(struct dlg *dlg, struct conn *conn);
void dlg_follow(struct dlg *dlg, struct conn *conn);
void dlg_pump(struct dlg *dlg);

/* dlg_make.c */
int  wire_line(struct re_printf *pf, const struct pl *pl);
int  wire_routes(struct mbuf *mb, const struct view *v, const char *name);
int  wire_contact(struct mbuf *mb, const struct uas *uas,
		  const struct conn *conn);
int  wire_target(const struct view *v, struct pl *target);
int  dlg_make(struct dlg **dlgp, struct invite *inv, void *arg);
int  dlg_retarget(struct dlg *dlg, const struct view *v);
void dlg_head_move(struct dlg *dlg);
bool dlg_branch_is(const struct dlg *dlg, const struct pl *via,
		   uint32_t cseq);

/* dlg_ok.c */
int  dlg_ok_make(struct invite *inv, const struct dlg *dlg);
int  dlg_fields(struct mbuf *mb, const struct dlg *dlg,
		const struct conn *conn, const struct view *v);
int  dlg_sdp(struct mbuf *mb, const struct dlg *dlg, const struct conn *conn,
	     const struct view *v);


/* dlg_in.c */
struct dlg *dlg_known(const struct uas *uas, const struct view *v,
		      const struct pl *ours, const struct pl *theirs);
/** By our tag and theirs */
struct dlg *dlg_lookup(const struct uas *uas, const struct view *v,
		       const struct pl *ours, const struct pl *theirs);
/** The user of the dialog sent it */
bool dlg_proven(struct dlg *dlg, const struct view *v);
/** INFO in a dialog, written as we expect it; false: to be read first */
bool dlg_known_info(struct uas *uas, struct conn *conn, struct view *v);
bool dlg_request(struct uas *uas, struct conn *conn, const struct view *v);
void dlg_answered(struct uas *uas, const struct st *st, uint16_t code);

/* dlg_answer.c */
void dlg_response(struct uas *uas, struct view *v);
void dlg_conn_closed(struct conn *conn);
void dlg_tick(struct uas *uas, uint64_t now);
