/**
 * @file tests/support/rawtls.h  A peer of the web service that sends whatever
 *                               bytes it likes, over TLS
 *
 * One blocking connection, for what a proper client does not do: half a head,
 * two lengths, a body that never ends.
 */
#pragma once

#include <re.h>

struct rawtls;
struct pool;

/** @return 0, ECONNREFUSED, EPROTO (no TLS); mem_deref() closes it */
int  rawtls_open(struct rawtls **rp, const struct pool *pool, size_t web);
/** The same with no version of TLS beyond this one (TLS1_1_VERSION) */
int  rawtls_open_old(struct rawtls **rp, const struct pool *pool, size_t web,
		     int version);
/** Common name in the certificate that the service showed */
void rawtls_peer(const struct rawtls *r, char *name, size_t size);
/** Bytes as they are.  EPIPE: it was closed */
int  rawtls_write(struct rawtls *r, const void *p, size_t len);
/** Text in libre's format */
int  rawtls_printf(struct rawtls *r, const char *fmt, ...);
/**
 * The status of the next answer; its body is read, too
 *
 * @return 0: closed, or nothing came in time
 */
unsigned rawtls_status(struct rawtls *r);
/** Nothing but the end comes within the time, 0: look only */
bool rawtls_closed(struct rawtls *r, unsigned timeout_ms);
/** Something has come, or it was closed */
bool rawtls_came(struct rawtls *r);
/** Wait for some bytes of an answer and leave the rest unread */
bool rawtls_begins(struct rawtls *r);
