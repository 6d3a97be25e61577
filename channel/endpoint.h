/**
 * @file channel/endpoint.h  One signed-in client
 *
 * A user, a dialog, the rooms it is in, and the commands it sent, which are
 * done one after the other in the order of their CSeq: posts may be under way
 * together, everything else, the end of the dialog included, waits for them.
 * A command keeps its endpoint alive, not signed in: look at dlg before sending.
 */
#pragma once

#include "channel/rate.h"

struct service;
struct user;
struct dlg;
struct mbuf;

struct endpoint {
	struct le le;            /* service.epl, then .leavel: signoff.h     */
	struct le le_user;       /* user.epl, as long as it has a dialog     */
	int64_t id;              /* random, unique in the pool               */
	struct service *svc;
	struct user *user;       /* reference                                */
	char *epid;
	char *agent;             /* its User-Agent, may be empty             */
	struct dlg *dlg;         /* NULL: the dialog is over                 */
	struct le le_feed;       /* it is told what its watches find: feed.h */
	int64_t feed_after;      /* and knows what was found up to there     */
	struct rate_user *rate;  /* reference: its account's                 */
	struct rate_buckets buckets;
	struct list occl;        /* rooms it is in                           */
	struct list cmdl;        /* commands that wait                       */
	uint32_t cmdc;
	uint32_t posts;          /* that are on their way into the store     */
	bool busy;               /* a command is being done                  */
	bool draining_cmds;      /* the dispatcher is at work                */
	bool stored;             /* the store has a row of it                */
	bool joined;             /* it sent a join of its own                */
	bool bye;                /* how the dialog ended                     */
	bool bare;               /* getinv came without one: see reattach.h  */
	bool reattach_due;       /* its way back failed: to be tried again   */
};

int  endpoint_alloc(struct endpoint **epp, struct service *svc,
		    struct user *user, const char *epid, const char *agent);

/** Send one XCCOS document; nothing when the dialog is over */
int  endpoint_send(struct endpoint *ep, const struct mbuf *mb);
