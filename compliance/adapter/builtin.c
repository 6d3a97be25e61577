/**
 * @file compliance/adapter/builtin.c  The adapters that we ship
 */
#include <string.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/adapter/builtin.h"


static const struct adapter *const adapterv[] = {
	&adapter_xml, &adapter_eml, &adapter_jsonl, &adapter_exec,
	&adapter_webhook, &adapter_null,
};


const struct adapter *adapter_builtin_nth(size_t n)
{
	return n < ARRAY_SIZE(adapterv) ? adapterv[n] : NULL;
}


const struct adapter *adapter_builtin(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(adapterv); i++) {
		if (!strcmp(adapterv[i]->name, name))
			return adapterv[i];
	}

	return NULL;
}
