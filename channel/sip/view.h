/**
 * @file channel/sip/view.h  A SIP message as views into the bytes it came in
 *
 * One pass over the head, nothing is copied or allocated.  What the hot path
 * asks for (method, tags, Call-ID, CSeq, Via, lengths) is a member; any other
 * field is found by view_hdr(), which reads the head again.
 */
#pragma once

enum sip_met {
	MET_INFO, MET_ACK, MET_BYE, MET_INVITE, MET_CANCEL, MET_UPDATE,
	MET_OPTIONS, MET_SUBSCRIBE, MET_SERVICE,
	MET_OTHER,                     /* a method we know and do not serve  */
	MET_UNKNOWN,
};

enum {
	VIEW_VIAS     = 16,            /* Via fields; more is EBADMSG        */
	VIEW_HEAD_MAX = 65536,         /* bytes before the body              */
};

struct view {
	struct pl head;                /* first line to the empty line, incl. */
	struct pl body;                /* may be shorter than clen says      */
	struct pl met;                 /* request; not set in a response     */
	struct pl ruri;
	struct pl reason;              /* response                           */
	struct pl callid;
	struct pl from, to;            /* whole values                       */
	struct pl ftag, ttag;          /* their tags, empty when missing     */
	struct pl cseq;                /* whole value                        */
	struct pl cseq_met;
	struct pl contact;             /* the first                          */
	struct pl maxfwd;
	struct pl require;             /* the first; the rest by view_hdr()  */
	struct pl ctype;
	struct pl viav[VIEW_VIAS];     /* whole values; only viac are set    */
	uint32_t viac;
	uint32_t cseq_num;
	uint32_t clen;                 /* 0 when missing                     */
	uint16_t scode;                /* 0 in a request                     */
	enum sip_met method;           /* of the request line                */
	bool has_clen;
	bool twice;                    /* a single field came twice          */
};

/**
 * Read a head
 *
 * @param v  Set on success; points into @p p
 * @param p  From the first byte of the first line
 * @param l  Bytes there are; the body may be incomplete
 *
 * @return 0, EAGAIN (the head is not complete), EBADMSG (no SIP, framing not
 *         to be trusted), EOVERFLOW (head over VIEW_HEAD_MAX)
 */
int  view_decode(struct view *v, const char *p, size_t l);

/** @return what a request lacks to be answered, as a text for 400, or NULL */
const char *view_fault(const struct view *v);

/**
 * The value of a field
 *
 * @param name  Long form
 * @param abbr  Compact form or 0
 * @param nth   0 is the first
 *
 * @return true when there is one
 */
bool view_hdr(const struct view *v, const char *name, char abbr, unsigned nth,
	      struct pl *val);

/** A parameter of a From, To or Contact value, outside its <>; "" if bare */
bool view_param(const struct pl *val, const char *name, struct pl *pv);
/** The URI in a From, To, Contact or Route value.  EBADMSG */
int  view_uri(const struct pl *val, struct pl *uri);
/** One name of a comma-separated list, any case */
bool view_list_has(const struct pl *list, const char *token);
/** "sip:" or "sips:" and something after it */
bool view_uri_is_sip(const struct pl *uri);
/** No control characters: may be written into a message of ours */
bool view_clean(const struct pl *pl);
/** Two topmost Via values of one transaction: branch, else sent-by */
bool view_via_match(const struct pl *a, const struct pl *b);
