/**
 * @file channel/store.h  Our connections to the Persistent Chat Store
 *
 * Three, so that nothing waits for what it need not wait for: posts have one
 * of their own, history and search another, and all the rest a third, in
 * whose order rosters rely.  A store whose schema is not this build's ends the
 * process.
 */
#pragma once

struct service;

int  store_open(struct service *svc);
/** Ask for the stored settings; they take effect when they are here */
void store_settings(struct service *svc);
/** The store has answered lately, for posts too: see store.ready_ms */
bool store_answers(const struct service *svc);
/** What is under way is told ECANCELED before this returns */
void store_close(struct service *svc);
