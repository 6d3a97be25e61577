/**
 * @file channel/joined.h  What a join's reply says of rooms and who is there
 */
#pragma once

struct join;
struct mbuf;

/**
 * uib of everybody, chanib of each room entered, and for those that were not
 * fib when @p failures (protocol.md 3.6, 4.4, 4.5).  What would be more than
 * @p max bytes in all is written without the lists of people, as for large
 * rooms
 */
int  joined_write(struct mbuf *mb, const struct join *join, bool failures,
		  size_t max);
