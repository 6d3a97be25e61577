/**
 * @file compliance/event_read.c  The JSON of one event as records
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <re.h>
#include "common/event.h"
#include "common/json.h"
#include "compliance/adapter.h"
#include "compliance/arena.h"
#include "compliance/event_read.h"
#include "compliance/filestore.h"

enum { BUCKETS = 4096 };       /* a power of two */

struct person {
	struct person *next;
	struct adapter_user user;
};

struct people {
	struct arena *arena;
	struct person *bucketv[BUCKETS];
};


static const char *text(json_t *obj, const char *key)
{
	return json_string_value(json_object_get(obj, key));
}


static int64_t number(json_t *obj, const char *key)
{
	return json_integer_value(json_object_get(obj, key));
}


int people_alloc(struct people **pp, struct arena *a)
{
	*pp = mem_zalloc(sizeof(**pp), NULL);
	if (!*pp)
		return ENOMEM;

	(*pp)->arena = a;

	return 0;
}


static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}


static bool same_user(const struct adapter_user *a,
		      const struct adapter_user *b)
{
	return a->id == b->id && a->internal == b->internal &&
		same_text(a->uri, b->uri) &&
		same_text(a->display, b->display) &&
		same_text(a->email, b->email);
}


static const struct adapter_user *add(struct people *p,
				      const struct adapter_user *user,
				      struct person **bucket)
{
	struct person *person = arena_take(p->arena, sizeof(*person));

	if (!person)
		return NULL;

	person->user.id       = user->id;
	person->user.internal = user->internal;
	person->user.uri      = arena_dup(p->arena, user->uri);
	person->user.display  = arena_dup(p->arena, user->display);
	person->user.email    = arena_dup(p->arena, user->email);
	person->next = *bucket;
	*bucket = person;

	return &person->user;
}


const struct adapter_user *people_find(struct people *p, json_t *obj)
{
	struct adapter_user user;
	struct person **bucket, *person;

	if (!json_is_object(obj))
		return NULL;

	user.id       = number(obj, "id");
	user.uri      = text(obj, "uri");
	user.display  = text(obj, "display");
	user.email    = text(obj, "email");
	user.internal = json_is_true(json_object_get(obj, "internal"));
	if (!user.uri)
		user.uri = "";

	bucket = &p->bucketv[(uint64_t)user.id & (BUCKETS - 1)];
	for (person = *bucket; person; person = person->next) {
		if (same_user(&person->user, &user))
			return &person->user;
	}

	return add(p, &user, bucket);
}


static const char *detail_text(struct arena *a, json_t *detail)
{
	const char *copy;
	char *buf;

	if (!json_is_object(detail))
		return NULL;

	buf  = json_dumps(detail, JSON_COMPACT);
	copy = arena_dup(a, buf);
	free(buf);

	return copy;
}


static const char *file_path(struct arena *a, const char *files,
			     const char *file)
{
	char *path = NULL;
	const char *copy = NULL;

	if (!files || !file || filestore_path(&path, files, file))
		return NULL;

	if (!access(path, R_OK))
		copy = arena_dup(a, path);
	mem_deref(path);

	return copy;
}


int event_read(struct adapter_event *ev, struct arena *a, struct people *p,
	       json_t *obj, const char *files)
{
	json_t *detail = json_object_get(obj, "detail");
	const enum event_kind kind = (enum event_kind)number(obj, "kind");

	ev->id = arena_dup(a, text(obj, "id"));
	ev->type = event_kind_name(kind);
	if (!ev->id || !ev->type)
		return EBADMSG;

	ev->kind    = (enum adapter_event_kind)kind;
	ev->ts_us   = number(obj, "ts");
	ev->msg_id  = number(obj, "msg_id");
	ev->session = arena_dup(a, text(obj, "session"));
	ev->user    = people_find(p, json_object_get(obj, "user"));
	ev->chat    = arena_dup(a, text(obj, "chat"));
	ev->rtf     = arena_dup(a, text(obj, "rtf"));
	ev->file    = arena_dup(a, text(detail, "file"));
	ev->title   = arena_dup(a, text(detail, "name"));
	ev->path    = file_path(a, files, ev->file);
	ev->lost    = kind == EVENT_FILEUPLOAD && files && !ev->path;
	ev->detail  = detail_text(a, detail);

	return arena_failed(a) ? ENOMEM : 0;
}


const struct adapter_room *room_read(struct arena *a, json_t *obj)
{
	struct adapter_room *room;

	if (!json_is_object(obj))
		return NULL;

	room = arena_take(a, sizeof(*room));
	if (!room)
		return NULL;

	room->guid        = arena_dup(a, text(obj, "id"));
	room->uri         = arena_dup(a, text(obj, "uri"));
	room->name        = arena_dup(a, text(obj, "name"));
	room->description = arena_dup(a, text(obj, "description"));
	room->category    = arena_dup(a, text(obj, "category"));
	room->privacy     = arena_dup(a, text(obj, "privacy"));
	room->type        = arena_dup(a, text(obj, "type"));
	room->logged      = json_is_true(json_object_get(obj, "logged"));

	return room;
}
