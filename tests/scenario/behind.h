/**
 * @file tests/scenario/behind.h  A pool whose first instance reaches the store
 *                                through a proxy of the test
 */
#pragma once

struct pgproxy;

/** Of the stage's pool, after behind_up() */
extern struct pgproxy *proxy;

/** Put the proxy between the first instance and the store; restarts it */
void behind_up(void);
void behind_down(void);

/** "ready", "store-away" ...: what the first instance says of itself; valid
 *  until the next call */
const char *behind_state(void);
/** Status of an OPTIONS to it; 0: none */
unsigned behind_options(void);
