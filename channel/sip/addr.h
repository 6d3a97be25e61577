/**
 * @file channel/sip/addr.h  Addresses in header fields (RFC 3261 25.1)
 *
 * name-addr and addr-spec with their parameters, as From, To, Contact, Route,
 * Record-Route and P-Asserted-Identity carry them.  Nothing is copied.  What
 * the grammar does not allow is refused, so that nobody else's parser can
 * find another address or another tag in it.  Folded lines count as blanks.
 */
#pragma once

struct addr {
	struct pl display;             /* without quotes, escapes as written */
	struct pl uri;                 /* without <>                         */
	struct pl params;              /* from the first ';', may be empty   */
	bool bracketed;                /* a name-addr                        */
};

/**
 * The next address of a comma-separated list
 *
 * @param rest  The value; moved past what was read and its comma
 *
 * @return 0, ENOENT (the list is at its end), EBADMSG
 */
int  addr_next(struct addr *a, struct pl *rest);
/** A value that is one address.  EBADMSG: also for what follows it */
int  addr_decode(struct addr *a, const struct pl *val);
/**
 * The next of ";name=value;name ..."
 *
 * @param value  Without quotes; empty where there is none
 * @param quoted Set if it had quotes; may be NULL
 *
 * @return 0, ENOENT (no more), EBADMSG
 */
int  addr_param_next(struct pl *rest, struct pl *name, struct pl *value,
		     bool *quoted);
/**
 * The tag of a From or To
 *
 * @param tag  Empty where there is none
 *
 * @return 0, EBADMSG: empty, without value, quoted, or there twice
 */
int  addr_tag(const struct addr *a, struct pl *tag);
