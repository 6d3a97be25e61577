/**
 * @file channel/roamers.h  Who is told when a user's followed rooms change
 *
 * Subscriptions to presence documents that were made here, by user.  The store
 * tells of a change (pchat_presence), whichever instance it came by; each
 * process tells its own by BENOTIFY.  Other categories than "roomSetting" are
 * read at the next refresh, and so is what changed while the store was away.
 */
#pragma once

struct roamer;
struct roamers;
struct service;
struct sub;
struct user;

int  roamers_alloc(struct roamers **rsp, struct service *svc);
/** Ask the store for what it tells */
int  roamers_listen(struct roamers *rs);

/**
 * Keep a subscription, in place of the one that it refreshes; one that is over
 * already only ends that
 *
 * @param rp  Set to a reference, or to NULL: it is over
 */
int  roamers_add(struct roamer **rp, struct roamers *rs, struct sub *sub,
		 struct user *user);
/** It has its document: from now on it is told, and of what it missed */
void roamer_ready(struct roamer *r);
/** It got no document */
void roamer_drop(struct roamer *r);
/** Forget those that are over; now and then */
void roamers_sweep(struct roamers *rs);
