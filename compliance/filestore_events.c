/**
 * @file compliance/filestore_events.c  The files that a batch of events names
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/event.h"
#include "common/json.h"
#include "compliance/filestore.h"


/* Few batches tell of files: most are not worth parsing.  In a text the
   quotes would stand behind a backslash. */
static bool may_have_files(const char *events)
{
	const char *p = events;

	while ((p = strstr(p, "\"kind\""))) {

		p += strlen("\"kind\"");
		p += strspn(p, " :");
		if (strtoul(p, NULL, 10) == EVENT_FILEUPLOAD)
			return true;
	}

	return false;
}


static const char *file_of(json_t *event)
{
	if (json_integer_value(json_object_get(event, "kind")) !=
	    EVENT_FILEUPLOAD)
		return NULL;

	return json_string_value(json_object_get(
		json_object_get(event, "detail"), "file"));
}


static size_t collect(const char **filev, const json_t *arr)
{
	json_t *event;
	size_t i, n = 0;

	json_array_foreach(arr, i, event) {

		const char *file = file_of(event);

		if (file)
			filev[n++] = file;
	}

	return n;
}


int filestore_take_events(struct filestore *fs, const char *events,
			  filestore_h *h, void *arg)
{
	const char **filev;
	json_t *batch, *arr;
	size_t n;
	int err;

	if (!fs || !events || !h)
		return EINVAL;
	if (!may_have_files(events))
		return ENOENT;

	batch = json_loads(events, 0, NULL);
	arr   = json_object_get(batch, "events");
	filev = mem_alloc((json_array_size(arr) + 1) * sizeof(*filev), NULL);
	n     = arr && filev ? collect(filev, arr) : 0;

	if (!filev)
		err = ENOMEM;
	else if (!n)
		err = ENOENT;
	else
		err = filestore_take(fs, filev, n, h, arg);

	mem_deref(filev);
	json_decref(batch);

	return err;
}
