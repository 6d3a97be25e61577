/**
 * @file channel/joined.h  What a join's reply says of rooms and who is there
 */
#pragma once

struct join;
struct mbuf;

/**
 * uib of everybody, chanib of each room entered, and for those that were not
 * fib when @p failures (protocol.md 3.6, 4.4, 4.5)
 */
int  joined_write(struct mbuf *mb, const struct join *join, bool failures);
