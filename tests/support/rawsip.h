/**
 * @file tests/support/rawsip.h  A SIP peer that sends whatever bytes it likes
 *
 * One blocking TCP connection, for what a proper stack does not do: repeats,
 * a Via without branch, broken bodies, CANCEL, UPDATE, SUBSCRIBE, no answer.
 * Requests from the server are answered 200 while it waits for an answer of
 * its own, and kept.
 */
#pragma once

struct raw;

enum { RAW_MS = 10000 };

/** @return 0, or what connect() says; mem_deref() closes the connection */
int  raw_open(struct raw **rp, const char *hostport);
/** The same from an address of ours, "127.0.0.66"; NULL: whichever */
int  raw_open_from(struct raw **rp, const char *hostport, const char *source);
/** Our end of it, as text for Via and Contact; borrowed */
const char *raw_local(const struct raw *r);
/** Send bytes made in libre's format */
int  raw_write(struct raw *r, const char *fmt, ...);

/**
 * Read one SIP message, whatever it is; nothing is answered
 *
 * @param msgp  Set on success: head and body as one text; mem_deref() it
 *
 * @return 0, ETIMEDOUT, ECONNRESET (closed)
 */
int  raw_read(struct raw *r, unsigned timeout_ms, char **msgp);

/** Read until the final answer to a request comes; its status, 0: none */
uint16_t raw_status(struct raw *r, uint32_t cseq, const char *method);
/** The message that raw_status() ended with; borrowed */
const char *raw_answer(const struct raw *r);
/** Ask for a user's provisioning document, as SIPE does; the status.  A number
 *  of its own makes it another request */
uint16_t raw_provision(struct raw *r, const char *name, uint32_t cseq);
/** Wait until a request body with this part has come; borrowed, or NULL */
const char *raw_body(struct raw *r, const char *part);
/** Request bodies so far that contain the part */
size_t raw_count(const struct raw *r, const char *part);
/** Drop the request bodies that were kept */
void raw_forget(struct raw *r);
/** Requests of the server so far */
size_t raw_requests(const struct raw *r);

/** The dialog that the requests below belong to; one at a time */
struct raw_dlg {
	char user[96], epid[32], to[96];
	char callid[40], ftag[24], ttag[64];
	char contact[128];             /* of the 200: where requests go */
	uint32_t cseq;
};

/** INVITE as SIPE sends it (no Via branch) and ACK with CSeq 1; the status */
uint16_t raw_invite(struct raw *r, struct raw_dlg *d, const char *user,
		    const char *epid, const char *to);
/** Send an in-dialog request with the next CSeq, or again with cseq - 1 of
 *  the next when @p again.  Only sends */
int  raw_request(struct raw *r, struct raw_dlg *d, const char *method,
		 const char *body, bool again);
/** The same, and its answer */
uint16_t raw_ask(struct raw *r, struct raw_dlg *d, const char *method,
		 const char *body);
/** Value of a header of a message; mem_deref() it.  NULL: none */
char *raw_header(const char *msg, const char *name);
