/**
 * @file compliance/items.c  What became of the items of a batch
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/db/bstore.h"
#include "common/json.h"
#include "compliance/items.h"
#include "compliance/oneline.h"

struct items {
	struct bstore *st;
	char *adapter;
	char batch[24];
	json_t *obj;               /* item: {"state", "error"}          */
	bool broken;
};

static const char *const statev[] = {
	[ADAPTER_TAKEN]   = "taken",
	[ADAPTER_LATER]   = "later",
	[ADAPTER_REFUSED] = "refused",
};


static void destructor(void *data)
{
	struct items *items = data;

	json_decref(items->obj);
	mem_deref(items->adapter);
}


static int note(struct items *items, const char *item, const char *state,
		const char *error)
{
	json_t *v = json_pack("{s:s, s:s}", "state", state, "error", error);

	return v && !json_object_set_new(items->obj, item, v) ? 0 : ENOMEM;
}


static int load(struct items *items)
{
	const char *argv[] = { items->adapter, items->batch };
	PGresult *res = NULL;
	int row, err;

	err = bstore_query(items->st, &res, "delivery_items", argv, 2);
	for (row = 0; !err && row < PQntuples(res); row++)
		err = note(items, PQgetvalue(res, row, 0),
			   PQgetvalue(res, row, 1), PQgetvalue(res, row, 2));
	PQclear(res);

	return err;
}


int items_open(struct items **ip, struct bstore *st, const char *adapter,
	       uint64_t batch)
{
	struct items *items;
	int err;

	if (!ip || !adapter)
		return EINVAL;

	items = mem_zalloc(sizeof(*items), destructor);
	if (!items)
		return ENOMEM;

	items->st  = st;
	items->obj = json_object();
	(void)re_snprintf(items->batch, sizeof(items->batch), "%llu",
			  (unsigned long long)batch);

	err = items->obj ? str_dup(&items->adapter, adapter) : ENOMEM;
	if (!err && st)
		err = load(items);

	if (err)
		mem_deref(items);
	else
		*ip = items;

	return err;
}


static const char *state_of(json_t *v)
{
	return json_string_value(json_object_get(v, "state"));
}


bool items_due(const struct items *items, const char *item)
{
	const char *state = state_of(json_object_get(items->obj, item));

	return !state || !strcmp(state, statev[ADAPTER_LATER]);
}


int items_settle(struct items *items, const char *item,
		 enum adapter_verdict verdict, const char *why)
{
	char error[256];
	const char *argv[] = { items->adapter, items->batch, item,
			       statev[verdict], error };
	int err;

	oneline(error, sizeof(error), why ? why : "");
	err = note(items, item, statev[verdict], error);
	if (err || !items->st)
		return err;

	err = bstore_query(items->st, NULL, "item_settle", argv, 5);
	items->broken |= err != 0;

	return err;
}


bool items_broken(const struct items *items)
{
	return items->broken;
}


static size_t count(const struct items *items, enum adapter_verdict verdict)
{
	const char *item;
	size_t n = 0;
	json_t *v;

	json_object_foreach(items->obj, item, v)
		n += !strcmp(state_of(v), statev[verdict]);

	return n;
}


size_t items_taken(const struct items *items)
{
	return count(items, ADAPTER_TAKEN);
}


size_t items_refused(const struct items *items)
{
	return count(items, ADAPTER_REFUSED);
}


json_t *items_refused_json(const struct items *items)
{
	json_t *arr = NULL, *v;
	const char *item;

	json_object_foreach(items->obj, item, v) {

		if (strcmp(state_of(v), statev[ADAPTER_REFUSED]))
			continue;
		if (!arr)
			arr = json_array();
		(void)json_array_append_new(arr, json_pack("{s:s, s:O}",
				"item", item, "error",
				json_object_get(v, "error")));
	}

	return arr;
}
