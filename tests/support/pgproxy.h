/**
 * @file tests/support/pgproxy.h  Between a daemon and its store
 *
 * A process of the test's own that passes on PostgreSQL's protocol (without
 * TLS) and can make one statement of sql/ go wrong, by its name.
 */
#pragma once

struct pgproxy;

enum pgproxy_how {
	PGPROXY_REFUSE,     /* the server answers it with an error           */
	PGPROXY_CUT_BEFORE, /* the connection ends before the server has it  */
	PGPROXY_CUT_AFTER,  /* it is committed, then the connection ends     */
	PGPROXY_STALL,      /* nothing moves on the connection from now on   */
};

/**
 * @param pxp   Set on success; mem_deref() ends it
 * @param port  Of the store, on 127.0.0.1
 */
int  pgproxy_open(struct pgproxy **pxp, uint16_t port);
/** Where to connect to, on 127.0.0.1 */
uint16_t pgproxy_port(const struct pgproxy *px);

/** The next @p stmt, once */
void pgproxy_arm(struct pgproxy *px, const char *stmt, enum pgproxy_how how);
/** The same, and the store is away then, until pgproxy_shut(px, false) */
void pgproxy_arm_and_shut(struct pgproxy *px, const char *stmt,
			  enum pgproxy_how how);
/** Take that back */
void pgproxy_disarm(struct pgproxy *px);
/** It went wrong since it was armed; a wait_h would poll: see pgproxy_hit() */
bool pgproxy_was_hit(const struct pgproxy *px);
/** Run the loop until it did.  @return false: not in time */
bool pgproxy_hit(struct pgproxy *px, unsigned timeout_ms);
/** How often a statement has passed */
unsigned pgproxy_seen(const struct pgproxy *px, const char *stmt);

/** Nothing moves on any connection, and new ones get no answer */
void pgproxy_freeze(struct pgproxy *px, bool frozen);
/** Connections end and new ones are refused */
void pgproxy_shut(struct pgproxy *px, bool shut);
