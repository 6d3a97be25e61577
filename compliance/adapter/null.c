/**
 * @file compliance/adapter/null.c  Counts and forgets
 *
 * The adapter to copy: it does nothing, and all that an adapter has to.  A
 * plug-in adds
 *
 *     const struct adapter *pchat_adapter(void) { return &adapter_null; }
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "compliance/adapter.h"
#include "compliance/adapter/builtin.h"


struct null {
	const struct adapter_host *host;
	unsigned long long eventc;
	int level;                 /* to tell of every batch */
};

static const struct adapter_key keyv[] = {
	{ "level", "debug", "Log every batch as info or as debug." },
};


static int null_open(void **statep, const struct adapter_setting *settingv,
		     size_t settingc, const struct adapter_host *host)
{
	struct null *null = calloc(1, sizeof(*null));

	if (!null)
		return ENOMEM;

	null->host  = host;
	null->level = ADAPTER_DEBUG;

	for (size_t i = 0; i < settingc; i++) {
		if (!strcmp(settingv[i].key, "level") &&
		    !strcmp(settingv[i].value, "info"))
			null->level = ADAPTER_INFO;
	}

	*statep = null;

	return 0;
}


static enum adapter_verdict null_deliver(void *state,
					 const struct adapter_batch *batch,
					 char *errbuf, size_t errsize)
{
	struct null *null = state;

	(void)errbuf;
	(void)errsize;

	for (size_t i = 0; i < batch->convc; i++)
		null->eventc += batch->convv[i].eventc;

	null->host->log(null->host->arg, null->level,
			"batch=%llu events=%llu",
			(unsigned long long)batch->id, null->eventc);

	return ADAPTER_TAKEN;
}


static void null_close(void *state)
{
	free(state);
}


const struct adapter adapter_null = {
	.abi     = ADAPTER_ABI,
	.name    = "null",
	.help    = "Counts events and forgets them.",
	.keyv    = keyv,
	.keyc    = sizeof(keyv) / sizeof(keyv[0]),
	.open    = null_open,
	.deliver = null_deliver,
	.close   = null_close,
};
