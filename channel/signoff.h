/**
 * @file channel/signoff.h  A client is gone, in whatever way
 */
#pragma once

struct endpoint;

/**
 * The dialog is over: leave all rooms, drop what waits
 *
 * @param bye  The client said so; else its rooms wait for its return
 */
void signoff(struct endpoint *ep, bool bye);
