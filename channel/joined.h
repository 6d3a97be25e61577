/**
 * @file channel/joined.h  What a join's reply says of rooms and who is there
 */
#pragma once

struct join;
struct mbuf;

/**
 * uib of everybody, chanib of each room entered, and for those that were not
 * fib when @p failures (protocol.md 3.6, 4.4, 4.5)
 *
 * @return 0, E2BIG: it would be more than @p max bytes, and nothing is written
 */
int  joined_write(struct mbuf *mb, const struct join *join, bool failures,
		  size_t max);
/** One of the rooms; with @p lists after the users were written */
int  joined_write_room(struct mbuf *mb, const struct join *join, size_t i,
		       bool failures, bool lists);
