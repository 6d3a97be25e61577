/**
 * @file channel/signin.h  Who may come in: INVITE, and the provisioning
 *                         document
 *
 * Spec: protocol.md 2.2-2.5, 2.12, section 7; clients.md section 6.
 */
#pragma once

struct service;
struct st;
struct uas_invite;
struct uas_subscribe;

/** Handlers of struct uas_events; @p arg is the service */
void signin_invite(struct st *st, const struct uas_invite *inv, void *arg);
void signin_subscribe(struct st *st, const struct uas_subscribe *sub,
		      void *arg);

/** Has the user asked too often?  Then it is answered, 503 */
bool signin_limited(struct service *svc, struct st *st, const char *user);
