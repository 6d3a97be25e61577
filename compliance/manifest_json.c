/**
 * @file compliance/manifest_json.c  A manifest as JSON text
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/clock.h"
#include "common/event.h"
#include "common/json.h"
#include "compliance/adapter.h"
#include "compliance/manifest.h"

enum { FORMAT_OLDEST = 1, FORMAT = 2 };

static const char *const resultv[] = {
	[MANIFEST_DELIVERED] = "delivered",
	[MANIFEST_REFUSED]   = "refused",
	[MANIFEST_SKIPPED]   = "skipped",
	[MANIFEST_MISSED]    = "missed",
	[MANIFEST_PARTIAL]   = "partial",
};


const char *manifest_result_name(enum manifest_result result)
{
	return resultv[result];
}


static json_t *time_json(int64_t us)
{
	char ts[CLOCK_TS_SIZE];

	return json_string(clock_ts(ts, us));
}


static json_t *file_json(const struct manifest_file *file)
{
	return json_pack("{s:s, s:I, s:s}", "name", file->name,
			 "size", (json_int_t)file->size,
			 "sha256", file->sha256);
}


static json_t *files_json(const struct manifest *m)
{
	json_t *arr = json_array();
	struct le *le;

	for (le = m->filel.head; le; le = le->next)
		(void)json_array_append_new(arr, file_json(le->data));

	return arr;
}


static json_t *kinds_json(const struct manifest *m)
{
	json_t *obj = json_object();
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(m->kindv); i++) {

		if (m->kindv[i])
			(void)json_object_set_new(obj,
				event_kind_name((enum event_kind)i),
				json_integer((json_int_t)m->kindv[i]));
	}

	return obj;
}


static uint64_t attachments(const struct manifest *m)
{
	return m->kindv[EV_FILEUPLOAD] + m->kindv[EV_FILEDOWNLOAD];
}


/* What most have not got */
static void add_rest(json_t *obj, const struct manifest *m)
{
	const struct {
		const char *key;
		json_t *v;
	} memberv[] = {
		{ "lost", m->lost }, { "refused", m->refused },
		{ "forks", m->forks },
	};
	size_t i;

	if (m->completes)
		(void)json_object_set_new(obj, "completes", json_true());
	if (m->adopted)
		(void)json_object_set_new(obj, "adopted", json_integer(
						  (json_int_t)m->adopted));
	for (i = 0; i < ARRAY_SIZE(memberv); i++) {
		if (memberv[i].v)
			(void)json_object_set(obj, memberv[i].key,
					      memberv[i].v);
	}
}


static json_t *to_json(const struct manifest *m)
{
	return json_pack("{s:i, s:s, s:s, s:s*, s:I, s:I, s:s, s:s*, s:b, s:b,"
		" s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:s, s:s,"
		" s:o, s:o*, s:s, s:s*}",
		"format", FORMAT, "adapter", m->adapter, "type", m->type,
		"chain", m->chain[0] ? m->chain : NULL,
		"serial", (json_int_t)m->serial,
		"batch", (json_int_t)m->batch,
		"result", resultv[m->result], "note", m->note,
		"retry", m->retry, "replay", m->replay,
		"from", time_json(m->from_us), "to", time_json(m->to_us),
		"written", time_json(clock_us()),
		"events", (json_int_t)m->eventc,
		"messages", (json_int_t)m->kindv[EV_CHAT],
		"attachments", (json_int_t)attachments(m),
		"participants", (json_int_t)m->participants,
		"kinds", kinds_json(m),
		"first", m->first, "last", m->last,
		"files", files_json(m),
		"index", m->index ? file_json(m->index) : NULL,
		"previous", m->previous, "key", m->key[0] ? m->key : NULL);
}


int manifest_encode(const struct manifest *m, struct mbuf *mb)
{
	json_t *obj = to_json(m);
	char *text;
	int err = ENOMEM;

	add_rest(obj, m);
	text = obj ? json_dumps(obj, JSON_INDENT(1)) : NULL;

	if (text)
		err = mbuf_printf(mb, "%s\n", text);

	free(text);
	json_decref(obj);

	return err;
}


static int decode_file(struct manifest_file **filep, json_t *obj)
{
	struct manifest_file *file = NULL;
	const char *name, *sha256;
	json_int_t size;
	int err;

	if (json_unpack(obj, "{s:s, s:I, s:s}", "name", &name, "size", &size,
			"sha256", &sha256))
		return EBADMSG;

	err = manifest_file_alloc(&file, name);
	if (err)
		return err;

	file->size = (uint64_t)size;
	str_ncpy(file->sha256, sha256, sizeof(file->sha256));
	*filep = file;

	return 0;
}


static int decode_files(struct manifest *m, json_t *arr, json_t *index)
{
	struct manifest_file *file = NULL;
	json_t *obj;
	size_t i;
	int err;

	json_array_foreach(arr, i, obj) {

		err = decode_file(&file, obj);
		if (err)
			return err;
		list_append(&m->filel, &file->le, file);
	}

	return index ? decode_file(&m->index, index) : 0;
}


static int decode_result(struct manifest *m, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(resultv); i++) {
		if (!strcmp(resultv[i], name)) {
			m->result = (enum manifest_result)i;
			return 0;
		}
	}

	return EBADMSG;
}


static int decode_time(int64_t *usp, const char *text)
{
	struct pl pl;

	pl_set_str(&pl, text);

	return clock_ts_decode(usp, &pl);
}


/* What format 1 has not, and most have not either */
static void decode_more(struct manifest *m, json_t *obj)
{
	const char *chain = json_string_value(json_object_get(obj, "chain"));
	const char *key = json_string_value(json_object_get(obj, "key"));

	if (chain)
		str_ncpy(m->chain, chain, sizeof(m->chain));
	if (key)
		str_ncpy(m->key, key, sizeof(m->key));

	m->completes = json_is_true(json_object_get(obj, "completes"));
	m->adopted   = (uint64_t)json_integer_value(json_object_get(obj,
							"adopted"));
	m->forks     = json_incref(json_object_get(obj, "forks"));
	m->lost      = json_incref(json_object_get(obj, "lost"));
	m->refused   = json_incref(json_object_get(obj, "refused"));
}


static int decode_rest(struct manifest *m, json_t *obj)
{
	const char *result, *from, *to, *first, *last, *previous;
	json_t *filev, *index = NULL;
	json_int_t serial, batch, eventc;
	int retry, replay, err;

	if (json_unpack(obj, "{s:I, s:I, s:s, s:b, s:b, s:s, s:s, s:I, s:s,"
			" s:s, s:o, s?o, s:s}", "serial", &serial,
			"batch", &batch, "result", &result, "retry", &retry,
			"replay", &replay, "from", &from, "to", &to,
			"events", &eventc, "first", &first, "last", &last,
			"files", &filev, "index", &index,
			"previous", &previous))
		return EBADMSG;

	m->serial = (uint64_t)serial;
	m->batch  = (uint64_t)batch;
	m->eventc = (uint64_t)eventc;
	m->retry  = retry;
	m->replay = replay;
	str_ncpy(m->first, first, sizeof(m->first));
	str_ncpy(m->last, last, sizeof(m->last));
	str_ncpy(m->previous, previous, sizeof(m->previous));

	decode_more(m, obj);
	err = decode_result(m, result);
	if (!err)
		err = decode_time(&m->from_us, from);
	if (!err)
		err = decode_time(&m->to_us, to);

	return err ? err : decode_files(m, filev, index);
}


int manifest_decode(struct manifest **mp, const char *text, size_t size)
{
	const char *adapter, *type;
	struct manifest *m = NULL;
	int format, err = EBADMSG;
	json_t *obj;

	obj = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);

	if (json_unpack(obj, "{s:i, s:s, s:s}", "format", &format,
			"adapter", &adapter, "type", &type) ||
	    format < FORMAT_OLDEST || format > FORMAT)
		goto out;

	err = manifest_alloc(&m, adapter, type);
	if (!err)
		err = decode_rest(m, obj);

 out:
	json_decref(obj);
	if (err)
		mem_deref(m);
	else
		*mp = m;

	return err;
}
