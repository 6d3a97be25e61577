/**
 * @file channel/signoff.h  A client is gone, in whatever way
 */
#pragma once

struct endpoint;
struct user;

/**
 * The dialog is over: leave all rooms, drop what waits
 *
 * @param bye  The client said so; else its rooms wait for its return
 */
void signoff(struct endpoint *ep, bool bye);

/** He may not be here any more: his endpoints are put out of their rooms, told
 *  so, and their dialogs end (protocol.md 2.9, 2.12) */
void signoff_user(struct user *user);
