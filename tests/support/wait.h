/**
 * @file tests/support/wait.h  Run the loop until something is so
 *
 * Whoever changes what a test may wait for calls wait_poke() from his
 * handler; there are no sleeps.
 */
#pragma once

typedef bool (wait_h)(void *arg);

/** Run the loop until h() is true; it is asked first of all.  ETIMEDOUT */
int  wait_for(wait_h *h, void *arg, unsigned timeout_ms);
/** Something has changed; the condition is asked again */
void wait_poke(void);
