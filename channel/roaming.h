/**
 * @file channel/roaming.h  A user's presence document: kept, and given back
 *
 * SERVICE publishes, SUBSCRIBE to vnd-microsoft-roaming-self reads; any
 * instance answers, from the store.  Who keeps his subscription is told when
 * rooms are followed and left: roamers.h.  Spec: protocol.md section 8.
 */
#pragma once

struct db_res;
struct mbuf;
struct publish;
struct st;
struct uas_service;
struct uas_subscribe;

#define ROAMING_EVENT "vnd-microsoft-roaming-self"
#define ROAMING_TYPE  "application/vnd-microsoft-roaming-self+xml"

/** As the handlers of struct uas_events; @p arg is the service */
void roaming_subscribe(struct st *st, const struct uas_subscribe *sub,
		       void *arg);
void roaming_service(struct st *st, const struct uas_service *req, void *arg);

/**
 * The document, of rows of presence_read
 *
 * @param namev  Categories of which it tells all there is: of one that has no
 *               row it says that there is none left
 */
int  roaming_write(struct mbuf *mb, const char *uri, const struct db_res *res,
		   const char *const *namev, size_t namec);

/** Versions that are others than ours, of rows of presence_publish */
int  roaming_write_fault(struct mbuf *mb, const struct publish *pub,
			 const struct db_res *res);
