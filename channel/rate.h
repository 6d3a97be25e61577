/**
 * @file channel/rate.h  How much one account may ask for
 *
 * Each user has a token bucket for each kind of work, and each of their
 * endpoints has one of its own, which holds a part of it
 * (rate.endpoint_percent).  A request that finds too few tokens is answered
 * 503 with Retry-After; what cannot be refused (part), and what turns out to
 * be expensive afterwards (a long result), makes a debt instead.  The record
 * of a user outlives their dialogs until its buckets are full again, so that
 * signing in anew does not fill them.  Limits hold for each process.  Loop
 * thread only.
 */
#pragma once

#include "common/bucket.h"

struct rates;
struct service;
struct settings;
struct st;

enum rate_kind {
	RATE_COMMAND,                 /* commands, by weight                 */
	RATE_SEARCH,                  /* searches in rooms, messages, users  */
	RATE_POST,                    /* messages                            */
	RATE_SIGNIN,                  /* INVITE, SUBSCRIBE, SERVICE          */
	RATE_KINDS
};

/** Limits of one kind; 0 tokens per minute: unlimited */
struct rate_limit {
	uint32_t per_min;
	uint32_t burst;
};

/** Buckets of an endpoint: zeroed is full */
struct rate_buckets {
	struct bucket v[RATE_KINDS];
	uint32_t refused;             /* refusals in a row                   */
};

/** Where work waits for its turn: see cmd/lane.h */
enum lane_id { LANE_NONE, LANE_MAIN, LANE_READ, LANE_SEARCH, LANES };

struct lane_user {
	struct le le;                 /* lane.userl while commands wait      */
	struct list cmdl;
	uint32_t running;
};

/** One account */
struct rate_user {
	struct le he;
	char *uri;
	struct rate_buckets buckets;
	struct lane_user lanev[LANES];
	uint32_t dialogs;             /* held by this process                */
	uint32_t posts;               /* messages that wait for the store    */
};

int  rates_alloc(struct rates **rsp, struct service *svc);

/** @return 0 and a reference to the account's record, ENOMEM */
int  rate_user_get(struct rate_user **up, struct rates *rs, const char *uri);

/**
 * Take tokens, of all kinds or of none
 *
 * @param ep     Buckets of the endpoint, NULL: none
 * @param cost   Tokens; more than a bucket holds count as all of it
 * @param kindp  Set to the kind of which there are too few
 *
 * @return 0: taken; else the seconds after which there will be enough: nothing
 *         was taken, and the refusal is counted
 */
uint32_t rate_take(struct rates *rs, struct rate_user *user,
		   struct rate_buckets *ep, const uint32_t cost[RATE_KINDS],
		   enum rate_kind *kindp);

/** Take tokens that may not be there; the debt is limited */
void rate_charge(struct rates *rs, struct rate_user *user,
		 struct rate_buckets *ep, enum rate_kind kind, uint32_t cost);

/**
 * Answer 503 with Retry-After, Ms-diagnostics and the limit's name.  A client
 * that goes on asking is answered a little later, so that a loop of refusals
 * costs little; st is held meanwhile
 *
 * @param ep  As given to rate_take()
 */
void rate_refuse(struct rates *rs, struct st *st, struct rate_buckets *ep,
		 enum rate_kind kind, uint32_t wait_s);
