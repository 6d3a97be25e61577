/**
 * @file deploy/ctl/import_lines.c  What pchatctl export wrote
 *
 * A line is one JSON text:
 *
 *   {"pchat_export": 1, ...}                     the first
 *   {"users": {...}}                             an object of the import file;
 *                                                groups, addins, ... likewise
 *   {"content": {"room": "Lobby", "last_id": 7}} opens what was said in a room
 *   [1, "2026-11-21T14:45:51.123456Z", "sip:a@x", 0, "text", null]
 *                                                id, time, author, flags,
 *                                                text, RTF; in order of ids
 *   {"files": {...}}                             a file that messages link to
 *   {"end": {...}}                               the last
 *
 * Users to rooms are kept, messages go to the store as they are read: memory
 * does not grow with them.
 */
#include <re.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "common/db/bstore.h"
#include "deploy/ctl/list.h"
#include "deploy/ctl/import.h"


enum { ID, TIME, AUTHOR, FLAGS, CHAT, RTF, COLUMNS };

enum { FLAGS_MAX = 7, TIME_LEN = 27 };

static const char cut_off[] = "the file ends early: it was cut off";

/* Where among the messages we are */
struct place {
	struct import *im;
	struct bstore *st;
	json_int_t id;                  /* of the last message       */
	char time[TIME_LEN + 1];        /* likewise                  */
};


static void problem(struct import *im, const char *what)
{
	char where[32];

	(void)snprintf(where, sizeof(where), "line %u", im->lineno);
	import_problem(im, where, what);
}


/* The next line, parsed; NULL: none, and said why */
static json_t *next_line(struct import *im)
{
	json_error_t error;
	json_t *v;
	ssize_t n;

	++im->lineno;
	n = getline(&im->line, &im->size, im->f);
	if (n < 0) {
		problem(im, ferror(im->f) ? strerror(errno) : cut_off);
		return NULL;
	}

	v = json_loadb(im->line, (size_t)n, JSON_REJECT_DUPLICATES, &error);
	if (!v)
		problem(im, error.text);

	return v;
}


/* No more lines are asked for once there is a lot wrong with them */
static void advance(struct import *im)
{
	json_decref(im->next);
	im->next = im->problems > IMPORT_PROBLEMS_MAX ? NULL : next_line(im);
}


/* {"key": {...}}; NULL: it is something else */
static json_t *one_object(const json_t *v, const char **keyp)
{
	void *it = json_object_iter((json_t *)v);

	if (json_object_size(v) != 1)
		return NULL;

	*keyp = json_object_iter_key(it);
	v = json_object_iter_value(it);

	return json_is_object(v) ? (json_t *)v : NULL;
}


/* The same, of that key */
static const json_t *object_of(const json_t *v, const char *key)
{
	const char *k;
	const json_t *obj = one_object(v, &k);

	return obj && !strcmp(k, key) ? obj : NULL;
}


static bool is_kind(const char *key)
{
	size_t k;

	for (k = 0; k < IMPORT_KINDS; k++) {
		if (!strcmp(import_kindv[k].key, key))
			return true;
	}

	return false;
}


static int append(json_t *root, const char *key, json_t *obj)
{
	json_t *list = json_object_get(root, key);

	if (!list) {
		list = json_array();
		if (json_object_set_new(root, key, list))
			return ENOMEM;
	}

	return json_array_append(list, obj) ? ENOMEM : 0;
}


static int read_header(struct import *im)
{
	json_t *v = next_line(im);
	const json_int_t format =
		json_integer_value(json_object_get(v, "pchat_export"));

	json_decref(v);
	if (!v)
		return EBADMSG;

	if (format != IMPORT_FORMAT) {
		problem(im, "an export of another version of pchatctl");
		return EBADMSG;
	}

	return 0;
}


int import_lines_read(struct import *im)
{
	const char *key;
	json_t *v, *obj;
	int err;

	err = read_header(im);
	if (err)
		return err;

	im->root    = json_object();
	im->content = json_array();
	if (!im->root || !im->content)
		return ENOMEM;

	while ((v = next_line(im))) {

		obj = one_object(v, &key);
		if (!obj || !is_kind(key)) {
			im->next = v;
			return 0;
		}

		err = append(im->root, key, obj);
		json_decref(v);
		if (err)
			return err;
	}

	return EBADMSG;
}


/* What is wrong with a message; NULL: nothing */
static const char *message_problem(const struct place *p, const json_t *v)
{
	const char *time = json_string_value(json_array_get(v, TIME));
	const json_t *flags = json_array_get(v, FLAGS);
	const json_t *rtf = json_array_get(v, RTF);

	if (!json_array_size(p->im->content))
		return "a message before its room";
	if (json_array_size(v) != COLUMNS ||
	    !json_is_integer(json_array_get(v, ID)) ||
	    !json_is_string(json_array_get(v, AUTHOR)) ||
	    !json_is_integer(flags) ||
	    !json_is_string(json_array_get(v, CHAT)) ||
	    (!json_is_string(rtf) && !json_is_null(rtf)))
		return "not a message";
	if (json_integer_value(flags) & ~FLAGS_MAX)
		return "unknown flags";
	if (json_integer_value(json_array_get(v, ID)) <= p->id)
		return "ids of messages must rise";
	if (!time || strlen(time) != TIME_LEN || !list_is_time(time) ||
	    time[TIME_LEN - 1] != 'Z')
		return "not a time";
	if (strcmp(time, p->time) < 0)
		return "earlier than the message before";

	return NULL;
}


static void take_message(struct place *p, const json_t *v)
{
	const char *wrong = message_problem(p, v);
	struct bstore *st = p->st;

	if (wrong) {
		problem(p->im, wrong);
		return;
	}

	p->id = json_integer_value(json_array_get(v, ID));
	str_ncpy(p->time, json_string_value(json_array_get(v, TIME)),
		 sizeof(p->time));
	++p->im->messages;

	bstore_copy_int(st, (int64_t)json_array_size(p->im->content) - 1);
	bstore_copy_int(st, p->id);
	bstore_copy_text(st, p->time);
	bstore_copy_text(st, json_string_value(json_array_get(v, AUTHOR)));
	bstore_copy_int(st, json_integer_value(json_array_get(v, FLAGS)));
	bstore_copy_text(st, json_string_value(json_array_get(v, CHAT)));
	bstore_copy_text(st, json_string_value(json_array_get(v, RTF)));
	bstore_copy_row(st);
}


static void take_content(struct place *p, const json_t *obj)
{
	p->id = 0;
	p->time[0] = '\0';
	if (json_array_append(p->im->content, (json_t *)obj))
		problem(p->im, strerror(ENOMEM));
}


static bool is_content(const json_t *obj)
{
	return json_is_string(json_object_get(obj, "room")) &&
		json_integer_value(json_object_get(obj, "last_id")) > 0;
}


static bool is_file(const json_t *obj)
{
	static const char *const textv[] = { "room", "name", "extension",
					     "uploaded_by", "uploaded_on" };
	const json_t *sha256 = json_object_get(obj, "sha256");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(textv); i++) {
		if (!json_is_string(json_object_get(obj, textv[i])))
			return false;
	}

	return !import_is_guid(json_object_get(obj, "id")) &&
		list_is_time(json_string_value(
				json_object_get(obj, "uploaded_on"))) &&
		json_is_integer(json_object_get(obj, "size_bytes")) &&
		json_is_boolean(json_object_get(obj, "linked")) &&
		(json_is_null(sha256) || json_is_string(sha256));
}


/* Messages and the rooms they are of, as far as there are any */
static int stage_messages(struct import *im, struct bstore *st)
{
	struct place p = { .im = im, .st = st };
	int err;

	err = bstore_copy_begin(st, "ctl_import_copy_message");
	if (err)
		return err;

	for (; im->next; advance(im)) {

		const json_t *obj = object_of(im->next, "content");

		if (json_is_array(im->next))
			take_message(&p, im->next);
		else if (is_content(obj))
			take_content(&p, obj);
		else
			break;
	}

	return bstore_copy_end(st);
}


static int stage_content(const struct import *im, struct bstore *st)
{
	json_t *obj;
	size_t i;
	int err;

	err = bstore_copy_begin(st, "ctl_import_copy_content");
	if (err)
		return err;

	json_array_foreach(im->content, i, obj) {
		bstore_copy_int(st, (int64_t)i);
		import_copy_text(st, obj, "room");
		bstore_copy_int(st, json_integer_value(
					json_object_get(obj, "last_id")));
		bstore_copy_row(st);
	}

	return bstore_copy_end(st);
}


/* That nothing is missing */
static void check_end(struct import *im)
{
	const json_t *end = object_of(im->next, "end");
	const json_int_t n = json_integer_value(
		json_object_get(end, "messages"));

	if (!im->problems && (uint64_t)n != im->messages)
		problem(im, "other messages than the end tells of");
}


static void copy_file(struct import *im, struct bstore *st, const json_t *obj)
{
	static const char *const textv[] = { "id", "room", "name",
					     "extension", "sha256",
					     "uploaded_by", "uploaded_on" };
	size_t k;

	bstore_copy_int(st, (int64_t)im->filec++);
	for (k = 0; k < ARRAY_SIZE(textv); k++)
		import_copy_text(st, obj, textv[k]);
	bstore_copy_int(st, json_integer_value(
				json_object_get(obj, "size_bytes")));
	import_copy_bool(st, obj, "linked");
	bstore_copy_row(st);
}


/* To the end of the file */
static int stage_files(struct import *im, struct bstore *st)
{
	const json_t *obj;
	int err;

	err = bstore_copy_begin(st, "ctl_import_copy_file");
	if (err)
		return err;

	for (; im->next; advance(im)) {

		if (object_of(im->next, "end"))
			break;

		obj = object_of(im->next, "files");
		if (is_file(obj))
			copy_file(im, st, obj);
		else
			problem(im, "neither a message, nor its room, nor a"
				" file, or not in its place");
	}
	check_end(im);

	return bstore_copy_end(st);
}


int import_content(struct import *im, struct bstore *st)
{
	int err;

	err = bstore_exec(st, NULL, "ctl_import_make_message", NULL, 0);
	if (!err)
		err = bstore_exec(st, NULL, "ctl_import_make_content", NULL,
				  0);
	if (!err)
		err = bstore_exec(st, NULL, "ctl_import_make_file", NULL, 0);
	if (!err)
		err = stage_messages(im, st);
	if (!err)
		err = stage_content(im, st);
	if (!err)
		err = stage_files(im, st);

	return err ? err : im->problems ? EBADMSG : 0;
}


void import_close(struct import *im)
{
	if (im->f)
		(void)fclose(im->f);
	free(im->line);
	json_decref(im->next);
	json_decref(im->root);
	json_decref(im->content);
}
