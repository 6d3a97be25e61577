/**
 * @file compliance/conf_keys.c  The configuration keys of pchat-compliance
 */
#include <re.h>
#include "common/storeconf.h"
#include "compliance/conf_keys.h"

const struct conf_key compliance_keyv[] = {

	{ "instance.name", CONF_STR, NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "Name of this daemon in the pool, unique in its store." },
	{ "store.conninfo", CONF_STR, NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "libpq connection string of the Persistent Chat Store." },
	{ "store.password_file", CONF_SECRET, NULL, NULL, 0, 0, 0,
	  NULL,
	  "File with the password for store.conninfo in its first line, so that the "
	  "connection string need not hold it." },
	{ "staging.conninfo", CONF_STR, NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "libpq connection string of the compliance store, where events wait "
	  "for the archives.  All daemons of a pool share one." },
	STORE_LIMIT_KEYS,

	{ "staging.password_file", CONF_SECRET, NULL, NULL, 0, 0, 0,
	  NULL,
	  "File with the password for staging.conninfo in its first line, so that the "
	  "connection string need not hold it." },
	{ "queue.listen", CONF_STR, NULL, "tcp://127.0.0.1:*", 0, 0, 0, NULL,
	  "ZeroMQ address on which channel processes bring events." },
	{ "queue.batches_max", CONF_UINT, NULL, "8", 1, 64, 0, NULL,
	  "Batches of events (1 MiB each at most) that are being stored at a "
	  "time; beyond it their senders wait." },
	{ "lease.period_ms", CONF_UINT, "ms", "1000", 100, 60000, 0, NULL,
	  "How often the daemon renews its place in the pool." },
	{ "lease.lapse_ms", CONF_UINT, "ms", "4000", 500, 600000, 0, NULL,
	  "A daemon that did not renew for so long counts as dead." },

	{ "adapter", CONF_FILE, NULL, NULL, 0, 0, CONF_MULTI, NULL,
	  "The file of an adapter, one line each.  Its keys: pchat-compliance "
	  "--adapter TYPE, TYPE being xml, eml, jsonl, exec, webhook or "
	  "null.  Without any, events are kept and archived nowhere." },
	{ "run.settle_ms", CONF_UINT, "ms", "2000", 0, 60000, 0, NULL,
	  "Events younger than this wait for the next batch: one that began "
	  "earlier may still come." },
	{ "run.events_max", CONF_UINT, NULL, "50000", 1, 1000000, 0, NULL,
	  "Events in a batch; when there are more, a run makes several.  An "
	  "adapter's process holds one batch in memory." },
	{ "run.bytes_max", CONF_UINT, "bytes", "67108864", 65536, 1073741824,
	  0, NULL, "The same in bytes of their texts." },
	{ "run.keep_s", CONF_UINT, "s", "0", 0, 315360000, 0, NULL,
	  "How long events stay in the compliance store when all adapters "
	  "have them: for pchatctl archive replay." },

	{ "files.store", CONF_STR, NULL, NULL, 0, 0, 0, NULL,
	  "The web service's file store.  With files.archive, files that "
	  "people send are copied before their event counts as stored." },
	{ "files.archive", CONF_STR, NULL, NULL, 0, 0, 0, NULL,
	  "The compliance file store, a directory." },
};

const size_t compliance_keyc = ARRAY_SIZE(compliance_keyv);
