/**
 * @file compliance/adapter/jsonline.c  A batch as lines of JSON
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/clock.h"
#include "common/json.h"
#include "compliance/adapter.h"
#include "compliance/adapter/jsonline.h"
#include "compliance/adapter/setting.h"


enum { FORMAT_VERSION = 1 };


void jsonline_opt_read(struct jsonline_opt *opt, struct settings *set)
{
	opt->frame    = setting_bool(set, "frame");
	opt->presence = setting_bool(set, "presence");
	opt->rtf      = setting_bool(set, "rtf");
}


/* Left out when there is none */
static int add_str(json_t *obj, const char *key, const char *text)
{
	json_t *v;

	if (!text)
		return 0;

	v = json_string(text);

	return v && !json_object_set_new(obj, key, v) ? 0 : EBADMSG;
}


static int add(json_t *obj, const char *key, json_t *v)
{
	return json_object_set_new(obj, key, v) ? ENOMEM : 0;
}


static int add_time(json_t *obj, const char *key, int64_t us)
{
	char ts[CLOCK_TS_SIZE];

	return add_str(obj, key, clock_ts(ts, us));
}


struct field {
	const char *key, *text;
};

static int add_fields(json_t *obj, const struct field *v, size_t c)
{
	int err = 0;

	for (size_t i = 0; i < c && !err; i++)
		err = add_str(obj, v[i].key, v[i].text);

	return err;
}


/* Attach a filled object, or let go of it */
static int add_object(json_t *obj, const char *key, json_t *sub, int err)
{
	if (!err)
		return add(obj, key, sub);

	json_decref(sub);

	return err;
}


static int fill_user(json_t *obj, const struct adapter_user *user)
{
	const struct field fieldv[] = {
		{ "uri",     user->uri     },
		{ "display", user->display },
		{ "email",   user->email   },
	};
	int err;

	err = add(obj, "id", json_integer(user->id));
	if (!err)
		err = add_fields(obj, fieldv, ARRAY_SIZE(fieldv));
	if (!err)
		err = add(obj, "internal", json_boolean(user->internal));

	return err;
}


static int add_user(json_t *obj, const struct adapter_user *user)
{
	json_t *sub = json_object();

	return add_object(obj, "user", sub, fill_user(sub, user));
}


static int add_users(json_t *obj, const char *key,
		     const struct adapter_user *const *userv, size_t userc)
{
	json_t *list = json_array();
	int err = 0;

	for (size_t i = 0; i < userc && !err; i++) {

		json_t *sub = json_object();

		err = fill_user(sub, userv[i]);
		if (json_array_append_new(list, sub) && !err)
			err = ENOMEM;
	}

	return add_object(obj, key, list, err);
}


static int add_room(json_t *obj, const struct adapter_room *room)
{
	const struct field fieldv[] = {
		{ "id",          room->guid        },
		{ "uri",         room->uri         },
		{ "name",        room->name        },
		{ "description", room->description },
		{ "category",    room->category    },
		{ "privacy",     room->privacy     },
		{ "type",        room->type        },
	};
	json_t *sub = json_object();
	int err;

	err = add_fields(sub, fieldv, ARRAY_SIZE(fieldv));
	if (!err)
		err = add(sub, "logged", json_boolean(room->logged));

	return add_object(obj, "room", sub, err);
}


static int add_detail(json_t *obj, const char *text)
{
	json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);

	return v ? add(obj, "detail", v) : EBADMSG;
}


static int add_event(json_t *obj, const struct jsonline *jl,
		     const struct adapter_event *ev)
{
	const struct field fieldv[] = {
		{ "session", ev->session },
		{ "chat",    ev->chat    },
		{ "rtf",     jl->opt.rtf ? ev->rtf : NULL },
		{ "file",    ev->file    },
		{ "name",    ev->title   },
		{ "path",    ev->path    },
	};
	int err;

	err = add_str(obj, "id", ev->id);
	if (!err)
		err = add_str(obj, "type", ev->type);
	if (!err)
		err = add_time(obj, "time", ev->ts_us);
	if (!err && ev->msg_id)
		err = add(obj, "msg_id", json_integer(ev->msg_id));
	if (!err && ev->user)
		err = add_user(obj, ev->user);
	if (!err)
		err = add_fields(obj, fieldv, ARRAY_SIZE(fieldv));
	if (!err && ev->lost)
		err = add(obj, "lost", json_true());
	if (!err && ev->detail)
		err = add_detail(obj, ev->detail);

	return err;
}


static int add_frame(json_t *obj, const struct jsonline *jl)
{
	int err;

	err = add(obj, "format", json_integer(FORMAT_VERSION));
	if (!err)
		err = add_time(obj, "from", jl->batch->from_us);
	if (!err)
		err = add_time(obj, "to", jl->batch->to_us);
	if (!err)
		err = add(obj, "events",
			  json_integer((json_int_t)jl->batch->eventc));

	return err;
}


static int add_presence(json_t *obj, const struct adapter_conversation *conv)
{
	int err;

	err = add_time(obj, "from", conv->start_us);
	if (!err)
		err = add_time(obj, "to", conv->end_us);
	if (!err)
		err = add_users(obj, "start", conv->startv, conv->startc);
	if (!err)
		err = add_users(obj, "end", conv->endv, conv->endc);

	return err;
}


/* JSON leaves these as they are; a reader of lines may end one there */
static const struct { const char *raw, *escaped; } breakv[] = {
	{ "\xc2\x85",     "\\u0085" },
	{ "\xe2\x80\xa8", "\\u2028" },
	{ "\xe2\x80\xa9", "\\u2029" },
};


static const char *escape_for(const char *p, size_t n, size_t *lenp)
{
	for (size_t i = 0; i < ARRAY_SIZE(breakv); i++) {

		*lenp = strlen(breakv[i].raw);
		if (*lenp <= n && !memcmp(p, breakv[i].raw, *lenp))
			return breakv[i].escaped;
	}

	return NULL;
}


static bool is_ascii(const char *p, size_t n)
{
	unsigned char all = 0;

	for (size_t i = 0; i < n; i++)
		all |= (unsigned char)p[i];

	return all < 0x80;
}


static int dump_handler(const char *p, size_t n, void *arg)
{
	const char *end = p + n, *from = p, *esc;
	size_t len;
	int err = 0;

	if (is_ascii(p, n))
		return mbuf_write_mem(arg, (const uint8_t *)p, n);

	for (; p < end && !err; p++) {

		if ((*p != '\xc2' && *p != '\xe2') ||
		    !(esc = escape_for(p, (size_t)(end - p), &len)))
			continue;

		err = mbuf_write_mem(arg, (const uint8_t *)from,
				     (size_t)(p - from));
		if (!err)
			err = mbuf_write_str(arg, esc);
		p += len - 1;
		from = p + 1;
	}

	return err ? err : mbuf_write_mem(arg, (const uint8_t *)from,
					  (size_t)(end - from));
}


enum line_type { LINE_HEADER, LINE_PRESENCE, LINE_EVENT, LINE_TRAILER };

static const char *const line_names[] = {
	[LINE_HEADER]   = "header",
	[LINE_PRESENCE] = "presence",
	[LINE_EVENT]    = "event",
	[LINE_TRAILER]  = "trailer",
};


static int add_body(json_t *obj, const struct jsonline *jl,
		    enum line_type type,
		    const struct adapter_conversation *conv)
{
	switch (type) {

	case LINE_PRESENCE: return add_presence(obj, conv);
	case LINE_EVENT:    return add_event(obj, jl, &conv->eventv[jl->ev]);
	default:            return add_frame(obj, jl);
	}
}


static int line(const struct jsonline *jl, struct mbuf *mb,
		enum line_type type, const struct adapter_conversation *conv)
{
	json_t *obj = json_object();
	int err;

	err = add_str(obj, "line", line_names[type]);
	if (!err)
		err = add(obj, "batch",
			  json_integer((json_int_t)jl->batch->id));
	if (!err)
		err = add_body(obj, jl, type, conv);
	if (!err && conv && conv->room)
		err = add_room(obj, conv->room);
	if (!err && json_dump_callback(obj, dump_handler, mb, JSON_COMPACT))
		err = ENOMEM;
	if (!err)
		err = mbuf_write_u8(mb, '\n');

	json_decref(obj);

	return err;
}


/* The conversation of the next event, NULL past the last */
static const struct adapter_conversation *current(struct jsonline *jl)
{
	while (jl->conv < jl->batch->convc &&
	       jl->ev >= jl->batch->convv[jl->conv].eventc) {
		jl->conv++;
		jl->ev = 0;
	}

	return jl->conv < jl->batch->convc ? &jl->batch->convv[jl->conv]
					   : NULL;
}


static bool wants_presence(const struct jsonline *jl,
			   const struct adapter_conversation *conv)
{
	return jl->opt.presence && conv->room && jl->told <= jl->conv;
}


int jsonline_next(struct jsonline *jl, struct mbuf *mb)
{
	const struct adapter_conversation *conv;
	int err;

	if (!jl->begun) {
		jl->begun = true;
		if (jl->opt.frame)
			return line(jl, mb, LINE_HEADER, NULL);
	}

	conv = current(jl);
	if (conv && wants_presence(jl, conv)) {
		jl->told = jl->conv + 1;
		return line(jl, mb, LINE_PRESENCE, conv);
	}

	if (conv) {
		err = line(jl, mb, LINE_EVENT, conv);
		jl->ev++;
		return err;
	}

	if (jl->opt.frame && !jl->ended) {
		jl->ended = true;
		return line(jl, mb, LINE_TRAILER, NULL);
	}

	return ENOENT;
}
