/**
 * @file common/poolconf.h  Settings of the pool that are kept in the store
 *
 * What operators change while the pool runs, under the names of the product
 * (product.md A.4).  A stored value beats the one in a process's file; scope
 * "pool" beats "global".  One table for who sets and who obeys.
 */
#pragma once

struct poolconf_key {
	const char *name;       /* "DefaultChatHistory"                      */
	const char *conf;       /* the key of pchat-channel's file; NULL:
	                           there is none, the store itself obeys     */
	bool text;
	uint64_t min, max;      /* of a number; of a text's characters       */
	const char *help;
};

extern const struct poolconf_key poolconf_keyv[];
extern const size_t poolconf_keyc;

/** The notification that tells running processes of a change */
#define POOLCONF_CHANNEL "pchat_config"

/** Names in any case; NULL: no such setting */
const struct poolconf_key *poolconf_find(const char *name);

/**
 * Check a value
 *
 * @param np  Set for numbers; may be NULL
 *
 * @return 0, EINVAL (no number, or not a text of its kind), ERANGE
 */
int  poolconf_check(const struct poolconf_key *key, const char *value,
		    uint64_t *np);

/**
 * Say what is wrong with a value
 *
 * @param buf   Set to a sentence that names key and value, else to ""
 *
 * @return True if the value can be set
 */
bool poolconf_allows(char *buf, size_t size, const struct poolconf_key *key,
		     const char *value);
