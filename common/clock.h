/**
 * @file common/clock.h  Time of day that tests can set
 */
#pragma once

/** Microseconds since 1970, UTC */
int64_t clock_us(void);
/** Freeze the clock at @p us; 0 lets it run again.  For tests */
void    clock_set(int64_t us);

enum { CLOCK_TS_SIZE = 29 };   /* "2013-05-14T14:26:17.6206350Z" and NUL */

/** The wire form, seven fraction digits and Z (protocol.md 3.4, U29) */
const char *clock_ts(char buf[CLOCK_TS_SIZE], int64_t us);
/** Accepts 0..7 fraction digits and a missing Z.  EBADMSG otherwise */
int     clock_ts_decode(int64_t *usp, const struct pl *pl);
