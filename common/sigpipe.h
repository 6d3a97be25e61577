/**
 * @file common/sigpipe.h  Signals as events of the loop
 *
 * TERM, INT, HUP and USR1 reach the handler from the loop, one call for all of
 * a kind that are pending; PIPE is ignored.  The second TERM or INT ends the
 * process at once, even if the loop is stuck.  One per process.
 */
#pragma once

typedef void (sigpipe_h)(int sig, void *arg);

int  sigpipe_open(sigpipe_h *h, void *arg);
/** Puts the signals' default actions back */
void sigpipe_close(void);
