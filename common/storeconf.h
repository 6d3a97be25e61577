/**
 * @file common/storeconf.h  How a daemon bears with a store: keys for all
 */
#pragma once

struct config;
struct db_conf;

/** Rows of a daemon's key table */
#define STORE_LIMIT_KEYS \
	{ "store.answer_ms", CONF_UINT, "ms", "4000", 200, 600000, 0, NULL, \
	  "How long a host of the store may be silent while it owes answers. " \
	  "Then its connections are dropped, what was asked is answered with " \
	  "503, and the next host of store.conninfo is tried." }, \
	{ "store.ready_ms", CONF_UINT, "ms", "2500", 100, 600000, 0, NULL, \
	  "A store that has been silent for so long while it owes an answer " \
	  "makes this process tell load balancers that it is not ready." }, \
	{ "store.probe_ms", CONF_UINT, "ms", "1000", 50, 600000, 0, NULL, \
	  "How often an idle connection to the store is asked for a sign of " \
	  "life." }, \
	{ "store.connect_ms", CONF_UINT, "ms", "3000", 100, 600000, 0, NULL, \
	  "How long one try to connect to one host of the store may take; " \
	  "connect_timeout in store.conninfo comes first." }, \
	{ "store.backoff_max_ms", CONF_UINT, "ms", "1000", 10, 600000, 0, \
	  NULL, "Longest wait between rounds of tries to reach the store; the " \
	  "wait begins at 100 ms and doubles, half of it is chance." }

/** Set the limits of @p dc from these keys; a timeout_ms that it has is kept */
void storeconf_limits(struct db_conf *dc, const struct config *conf);

/** The state for "status": @p state, or "store-away" if it is "ready" and the
 *  store does not answer */
const char *storeconf_state(const char *state, bool answers);
