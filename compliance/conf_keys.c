/**
 * @file compliance/conf_keys.c  The configuration keys of pchat-compliance
 */
#include <re.h>
#include "compliance/conf_keys.h"

const struct conf_key compliance_keyv[] = {

	{ "instance.name", CONF_STR, NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "Name of this daemon in the pool, unique in its store." },
	{ "store.conninfo", CONF_STR, NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "libpq connection string of the Persistent Chat Store." },
	{ "staging.conninfo", CONF_STR, NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "libpq connection string of the compliance store, where events wait "
	  "for the archives.  All daemons of a pool share one." },

	{ "queue.listen", CONF_STR, NULL, "tcp://127.0.0.1:*", 0, 0, 0, NULL,
	  "ZeroMQ address on which channel processes bring events." },
	{ "queue.batches_max", CONF_UINT, NULL, "8", 1, 64, 0, NULL,
	  "Batches of events (1 MiB each at most) that are being stored at a "
	  "time; beyond it their senders wait." },
	{ "lease.period_ms", CONF_UINT, "ms", "1000", 100, 60000, 0, NULL,
	  "How often the daemon renews its place in the pool." },
	{ "lease.lapse_ms", CONF_UINT, "ms", "4000", 500, 600000, 0, NULL,
	  "A daemon that did not renew for so long counts as dead." },
};

const size_t compliance_keyc = ARRAY_SIZE(compliance_keyv);
