/**
 * @file channel/sip/view.h  A SIP message as views into the bytes it came in
 *
 * One pass over the head, nothing is copied or allocated.  What the hot path
 * asks for (method, Call-ID, CSeq, Via, lengths) is a member; any other field
 * is found by view_next(), which reads the head again.
 *
 * Reading tells framing from grammar: a head whose end and length are known is
 * read however wrong it is, and what is wrong is named in @c fault.
 */
#pragma once

enum sip_met {
	MET_INFO, MET_ACK, MET_BYE, MET_INVITE, MET_CANCEL, MET_UPDATE,
	MET_OPTIONS, MET_SUBSCRIBE, MET_SERVICE,
	MET_OTHER,                     /* a method we know and do not serve  */
	MET_UNKNOWN,
};

enum {
	VIEW_VIAS     = 4,             /* kept as members; any number is read */
};

/** Where the message ends */
enum view_framing {
	VIEW_FRAMED,
	VIEW_NO_LENGTH,                /* a body, but no Content-Length      */
	VIEW_BAD_LENGTH,               /* not a number, or two that differ   */
};

struct view {
	struct pl head;                /* first line to the empty line, incl. */
	struct pl body;                /* may be shorter than clen says      */
	struct pl met;                 /* request; not set in a response     */
	struct pl ruri;
	struct pl reason;              /* response                           */
	struct pl callid;
	struct pl from, to;            /* whole values                       */
	struct pl ftag, ttag;          /* set by view_tags()                 */
	struct pl cseq;                /* whole value                        */
	struct pl cseq_met;
	struct pl contact;             /* the first field                    */
	struct pl maxfwd;
	struct pl require;             /* the first; the rest by view_next() */
	struct pl ctype;
	struct pl cenc;                /* Content-Encoding                   */
	struct pl cdisp;               /* Content-Disposition                */
	struct pl asserted;            /* the first P-Asserted-Identity      */
	struct pl package;             /* Info-Package                       */
	struct pl viav[VIEW_VIAS];     /* the first of them, whole values    */
	uint32_t viac;                 /* all Via fields                     */
	size_t vial;                   /* bytes of all their values          */
	uint32_t assertedc;            /* all P-Asserted-Identity fields     */
	uint32_t cseq_num;
	uint32_t clen;                 /* 0 when missing, capped at 2^32 - 1 */
	uint16_t scode;                /* 0 in a request                     */
	enum sip_met method;           /* of the request line                */
	enum view_framing framing;
	uint16_t fcode;                /* status for the fault: 400 or 505   */
	const char *fault;             /* first thing that is wrong, or NULL */
	bool response;                 /* its first line begins with SIP/    */
	bool has_clen;
	bool alien;                    /* the first line is no SIP at all    */
};

/**
 * Read a head
 *
 * @param v  Set on success; points into @p p
 * @param p  From the first byte of the first line
 * @param l  Bytes there are; the body may be incomplete
 *
 * @return 0, also with @c fault or without framing; EAGAIN: the head is not
 *         complete
 */
int  view_decode(struct view *v, const char *p, size_t l);

/**
 * Read From and To strictly (RFC 3261 20.20, 20.39) and set the tags
 *
 * @return 0, EBADMSG: no address, or a tag that is empty, repeated or quoted;
 *         @c fault says which
 */
int  view_tags(struct view *v);

/** @return what a message is wrong in or lacks, as a text for 400, or NULL.
 *  From and To are judged by view_tags() */
const char *view_fault(const struct view *v);

/**
 * The next field of a name
 *
 * @param pos   NULL for the first; where the search goes on
 * @param name  Long form
 * @param abbr  Compact form or 0
 *
 * @return true when there is one
 */
bool view_next(const struct view *v, const char **pos, const char *name,
	       char abbr, struct pl *val);
/** The first field of a name */
bool view_hdr(const struct view *v, const char *name, char abbr,
	      struct pl *val);

/** A parameter of the first address in a value, outside <> and quotes; "" if
 *  bare.  False also for a value that cannot be read */
bool view_param(const struct pl *val, const char *name, struct pl *pv);
/** The URI of the first address in a Contact or Route value.  EBADMSG */
int  view_uri(const struct pl *val, struct pl *uri);
/** One name of a comma-separated list, any case */
bool view_list_has(const struct pl *list, const char *token);
/** The same in any field of that name */
bool view_has(const struct view *v, const char *name, char abbr,
	      const char *token);
/** "sip:" or "sips:" and something after it */
bool view_uri_is_sip(const struct pl *uri);
/** No control characters: may be written into a message of ours */
bool view_clean(const struct pl *pl);
/** Two topmost Via values of one transaction: branch, else sent-by */
bool view_via_match(const struct pl *a, const struct pl *b);
bool view_via_branch(const struct pl *via, struct pl *branch);
/** "SIP/2.0/TCP 192.0.2.1:5060;..." without protocol and parameters */
void view_sentby(const struct pl *via, struct pl *by);
