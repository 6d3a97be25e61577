/**
 * @file common/wheel.h  The process's one timer wheel
 *
 * wheel.c takes the place of libre's tmr_start(), tmr_cancel() and the rest
 * (re_tmr.h) for libre and for us: same calls, but starting and cancelling
 * cost the same with ten timers or a million, and time is CLOCK_MONOTONIC.
 * The list argument that libre passes to tmr_poll() and tmr_next_timeout()
 * is ignored.  Loop thread only.
 *
 * A timer of delay 0 started in a handler (of a descriptor or a timer) fires
 * in the same turn of the loop; one that restarts itself fires once a turn,
 * after the descriptors have been asked and without waiting.
 */
#pragma once

/** Timers running */
size_t wheel_count(void);

/**
 * Freeze tmr_jiffies() at @p ms, which must not lie before what it was; 0 lets
 * it run again.  A test then calls tmr_poll(NULL) by hand.  For tests
 */
void wheel_time_set(uint64_t ms);

/** Counters of the wheel; once per process */
void wheel_stats(void);
