/**
 * @file common/storeconf.c  How a daemon bears with a store
 */
#include <string.h>
#include <re.h>
#include "common/conf.h"
#include "common/db/db.h"
#include "common/storeconf.h"


void storeconf_limits(struct db_conf *dc, const struct config *conf)
{
	dc->answer_ms = (uint32_t)config_uint(conf, "store.answer_ms");
	dc->probe_ms = (uint32_t)config_uint(conf, "store.probe_ms");
	dc->connect_ms = (uint32_t)config_uint(conf, "store.connect_ms");
	dc->backoff_max_ms = (uint32_t)config_uint(conf,
						   "store.backoff_max_ms");
}


const char *storeconf_state(const char *state, bool answers)
{
	return !answers && !strcmp(state, "ready") ? "store-away" : state;
}
