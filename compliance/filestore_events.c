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


/* "ROOM/FILE" */
static int file_of(char **sentp, json_t *event)
{
	const char *room = json_string_value(json_object_get(event, "room"));
	const char *file = json_string_value(json_object_get(
		json_object_get(event, "detail"), "file"));

	*sentp = NULL;
	if (json_integer_value(json_object_get(event, "kind")) !=
	    EVENT_FILEUPLOAD || !room || !file)
		return 0;

	return re_sdprintf(sentp, "%s/%s", room, file);
}


static int collect(char **filev, size_t *n, const json_t *arr)
{
	json_t *event;
	size_t i;
	int err = 0;

	json_array_foreach(arr, i, event) {

		err = file_of(&filev[*n], event);
		if (err)
			break;
		*n += filev[*n] != NULL;
	}

	return err;
}


int filestore_take_events(struct filestore *fs, const char *events,
			  filestore_h *h, void *arg)
{
	char **filev;
	json_t *batch, *arr;
	json_error_t why;
	size_t n = 0;
	int err;

	if (!fs || !events || !h)
		return EINVAL;
	if (!may_have_files(events))
		return ENOENT;

	batch = json_loads(events, 0, &why);
	if (!batch && json_error_code(&why) == json_error_out_of_memory)
		return ENOMEM;

	arr   = json_object_get(batch, "events");
	filev = mem_alloc((json_array_size(arr) + 1) * sizeof(*filev), NULL);
	err   = filev ? collect(filev, &n, arr) : ENOMEM;
	if (!err)
		err = n ? filestore_take(fs, (const char *const *)filev, n, h,
					 arg) : ENOENT;

	while (n)
		mem_deref(filev[--n]);
	mem_deref(filev);
	json_decref(batch);

	return err;
}
