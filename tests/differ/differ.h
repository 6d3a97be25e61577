/**
 * @file tests/differ/differ.h  Do the registrar and the pool read alike?
 *
 * A seeded generator bends messages; Kamailio with the shipped checks and the
 * pool's parser get the same bytes.  What both take must be the same to both:
 * method, URIs, tags, Call-ID, CSeq, how many identities and routes are in it,
 * and where it ends.
 */
#pragma once

#include <stdint.h>
#include <re.h>

enum { TOOK_CSEQ = 7, TOOK_FIELDS = 13, TOOK_FIELD = 512 };

/** What a parser took a message for, as text, one field each */
struct took {
	bool refused;
	const char *why;               /* refused by the pool                */
	bool unframed;                 /* the pool would close the connection */
	char fieldv[TOOK_FIELDS][TOOK_FIELD];
};

extern const char *const took_namev[TOOK_FIELDS];

/* ---- generator */

/** The nth message of a seed */
void gen_message(struct mbuf *mb, uint64_t seed, unsigned n);
/** Messages that are right, however odd (RFC 4475): both must take them;
 *  NULL after the last */
const char *gen_right(unsigned n);

/* ---- the two */

/** The pool's reading of the first message in these bytes */
void pool_take(struct took *t, const char *p, size_t l);

struct kam;
int  kam_start(struct kam **kp);
/** Kamailio's: on a connection of its own, with a fence behind it */
int  kam_take(struct kam *k, struct took *t, const char *p, size_t l);
