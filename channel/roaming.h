/**
 * @file channel/roaming.h  A user's presence document: kept, and given back
 *
 * SERVICE publishes, SUBSCRIBE to vnd-microsoft-roaming-self reads.  Neither
 * opens a dialog: any instance answers, from the store.  A subscription is
 * one answer; what another endpoint of the user published since is in the
 * next one.  Spec: protocol.md section 8.
 */
#pragma once

struct st;
struct uas_service;
struct uas_subscribe;

#define ROAMING_EVENT "vnd-microsoft-roaming-self"

/** As the handlers of struct uas_events; @p arg is the service */
void roaming_subscribe(struct st *st, const struct uas_subscribe *sub,
		       void *arg);
void roaming_service(struct st *st, const struct uas_service *req, void *arg);
