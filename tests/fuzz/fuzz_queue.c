/**
 * @file tests/fuzz/fuzz_queue.c  Batches of compliance events
 *
 * A batch is cut without being parsed (compliance/event_head.c).  What is
 * taken of one that is JSON is JSON, and reads as records.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/json.h"
#include "compliance/adapter.h"
#include "compliance/arena.h"
#include "compliance/event_head.h"
#include "compliance/event_read.h"
#include "tests/fuzz/fuzz.h"


static void record(struct arena *a, struct people *people, json_t *obj)
{
	struct adapter_event ev = { 0 };

	(void)room_read(a, json_object_get(obj, "room"));
	if (event_read(&ev, a, people, obj, "/nowhere"))
		return;

	fuzz_check(ev.id && ev.type && (!ev.user || ev.user->uri));
}


static void event(struct arena *a, struct people *people, const struct pl *pl,
		  bool json)
{
	json_t *obj = json_loadb(pl->p, pl->l, 0, NULL);

	fuzz_check(obj || !json);
	if (json_is_object(obj))
		record(a, people, obj);
	json_decref(obj);
}


static void events(const struct event_heads *h, bool json)
{
	struct people *people;
	struct db_args args;
	const struct pl *pl;
	struct arena *a;

	db_args_init(&args);
	event_heads_args(h, &args);
	fuzz_check(!args.err);
	db_args_reset(&args);

	fuzz_check(!arena_alloc(&a) && !people_alloc(&people, a));
	for (size_t i = 0; (pl = event_heads_event(h, i)); i++)
		event(a, people, pl, json);
	mem_deref(people);
	mem_deref(a);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };
	struct event_heads *h = NULL;
	json_t *whole;
	size_t l;
	char *text = fuzz_text(&in, '\0', &l);
	int err;

	fuzz_init();
	whole = json_loadb(text, l, JSON_REJECT_DUPLICATES, NULL);
	err = event_heads(&h, text);
	fuzz_check(!err || err == EBADMSG);
	if (!err) {
		events(h, whole != NULL);
		mem_deref(h);
	}
	json_decref(whole);
	free(text);

	return 0;
}
