/**
 * @file channel/cmd/bcq.h  The conditions of a history query
 *
 * Clients' spelling is not public: a condition may be an element, an element's
 * attribute or an attribute of bcq itself, in any case; what is not known is
 * skipped.  Spec: protocol.md 4.14.
 */
#pragma once

struct db_args;
struct xccos_prim;

enum { BCQ_AUTHORS_MAX = 32, BCQ_COUNT_MAX = 500 };

/** As the statement history_find takes it */
enum bcq_match { BCQ_ANY, BCQ_ALL, BCQ_PHRASE };

struct bcq {
	char *text;              /* without blanks around it; NULL: any      */
	enum bcq_match match;
	bool matchcase;
	int64_t from_us, to_us;  /* INT64_MIN, INT64_MAX: open; both count   */
	int64_t msgid;           /* to start from, itself included; 0: none  */
	struct pl authorv[BCQ_AUTHORS_MAX];    /* canonical                  */
	char authorbuf[BCQ_AUTHORS_MAX][256];
	size_t authorc;
	uint32_t limit;          /* of each room that is named, else of all;
	                            at least 1, at most BCQ_COUNT_MAX        */
	bool backwards;          /* the newest are selected: true unless
	                            asked otherwise                          */
	bool sort_backwards;     /* and returned newest first                */
	int err;                 /* of an author                             */
};

/**
 * Read the conditions of a command
 *
 * @param qp        Set on success; mem_deref() it
 * @param count     Messages when the command names no number and has no
 *                  condition that bounds them
 *
 * @return 0, EINVAL (a date or id that is none, text too long), E2BIG (too
 *         many authors), ENOMEM
 */
int  bcq_decode(struct bcq **qp, const struct xccos_prim *prim,
		uint32_t count);

/** The newest messages, so many: what bccontext asks */
void bcq_last(struct bcq *q, uint32_t limit);

/** The conditions, in the order in which statements take them */
void bcq_args(struct db_args *args, const struct bcq *q);

/** Is there a condition other than the number of messages? */
bool bcq_asked(const struct xccos_prim *prim);

/** Is it more than a page of one room: words, authors, several rooms or all? */
bool bcq_issearch(const struct xccos_prim *prim);
