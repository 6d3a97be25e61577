/**
 * @file webfiles/upload.c  A body becomes a file
 *
 * Written as it comes, in pieces of what the connection's buffer holds; then
 * flushed and put in place beside the loop; then entered in the store, in one
 * transaction with its event.  Only then 201.  Whatever stops on the way
 * leaves nothing behind.
 */
#include <errno.h>
#include <re.h>
#include "common/db/db.h"
#include "common/guid.h"
#include "common/stats.h"
#include "webfiles/core.h"
#include "webfiles/files.h"
#include "webfiles/filestore.h"
#include "webfiles/http.h"
#include "webfiles/store.h"

struct upload {
	struct file_new *file;
	struct upload_right right;
	char *name;
};

static uint64_t n_uploads, n_bytes;

static const struct stats_row rowv[] = {
	{ "files_uploaded",       &n_uploads, false, "Files brought" },
	{ "files_uploaded_bytes", &n_bytes,   false, "Their bytes" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct upload *up = data;

	mem_deref(up->file);
	mem_deref(up->name);
}


static int limits(const struct upload *up, uint64_t size)
{
	if (size > up->right.size_max)
		return EFBIG;

	return size > up->right.room_left ? EDQUOT : 0;
}


static size_t body_handler(struct req *req, const uint8_t *p, size_t len,
			   void *arg)
{
	struct upload *up = arg;
	int err;

	err = limits(up, up->file->size + len);
	if (!err)
		err = file_write(up->file, p, len);
	if (err)
		files_problem(req, err);

	return len;
}


/* ------------------------------------------------------------ it is whole */

struct entry {
	struct req *req;
	struct upload *up;
};


static void entry_destructor(void *data)
{
	struct entry *entry = data;

	mem_deref(entry->up);
	mem_deref(entry->req);
}


static void answer(struct req *req, const struct upload *up)
{
	const struct file_key *key = &up->file->key;
	char file[FILE_NAME_SIZE], *link = NULL, *guid = NULL;

	file_key_print(file, key);
	if (!re_sdprintf(&link, "ma-filelink://%s/%H/%s",
			 req_web(req)->domain, guid_print, key->room, file) &&
	    !re_sdprintf(&guid, "%H", guid_print, key->id))
		req_reply(req, 201, json_pack(
			"{s:s, s:s, s:s, s:I, s:s, s:s}", "guid", guid,
			"file", file, "name", up->name, "size",
			(json_int_t)up->file->size, "sha256",
			up->file->sha256, "link", link));
	mem_deref(link);
	mem_deref(guid);
}


/* Told although the client may have gone: what is in the store stays */
static void entered_handler(int err, const struct db_res *res, void *arg)
{
	struct entry *entry = arg;
	struct upload *up = entry->up;

	if (err || files_refused(entry->req, res)) {
		(void)filestore_remove(up->file->fs, &up->file->key);
		if (err)
			req_problem(entry->req, 503, "store-away",
				    "the store does not answer, try again");
	}
	else {
		++n_uploads;
		n_bytes += up->file->size;
		answer(entry->req, up);
	}

	mem_deref(entry);
}


static void enter(struct req *req, struct upload *up)
{
	struct entry *entry = mem_zalloc(sizeof(*entry), entry_destructor);
	const struct file_new *f = up->file;
	struct db_args args;

	if (!entry) {
		files_problem(req, EAGAIN);
		return;
	}
	entry->req = mem_ref(req);
	entry->up  = mem_ref(up);

	db_args_init(&args);
	db_int8(&args, up->right.user);
	db_uuid(&args, f->key.room);
	db_uuid(&args, f->key.id);
	db_text(&args, up->name);
	db_text(&args, f->key.ext);
	db_int8(&args, (int64_t)f->size);
	db_text(&args, f->sha256);
	if (db_exec(req_web(req)->db, "file_uploaded", &args, entered_handler,
		    entry)) {
		files_problem(req, EAGAIN);
		(void)filestore_remove(f->fs, &f->key);
		mem_deref(entry);
	}
}


static void placed_handler(struct file_new *f, void *arg)
{
	struct entry *entry = arg;

	if (f->err)
		files_problem(entry->req, f->err == EPERM ? EBADMSG : f->err);
	else
		enter(entry->req, entry->up);
}


static void end_handler(struct req *req, void *arg)
{
	struct upload *up = arg;
	struct entry *entry = mem_zalloc(sizeof(*entry), entry_destructor);
	int err = ENOMEM;

	if (entry) {
		entry->req = mem_ref(req);
		entry->up  = mem_ref(up);
		err = file_place(up->file, req_web(req)->worker,
				 placed_handler, entry);
	}
	if (err)
		files_problem(req, EAGAIN);
	mem_deref(entry);
}


void upload_run(struct req *req, const struct upload_right *right,
		const struct file_key *key, const char *name)
{
	struct upload *up = mem_zalloc(sizeof(*up), destructor);
	int64_t length = req_length(req);
	int err;

	if (!up) {
		files_problem(req, EAGAIN);
		return;
	}

	up->right = *right;
	err = limits(up, length > 0 ? (uint64_t)length : 0);
	if (!err)
		err = str_dup(&up->name, name);
	if (!err)
		err = file_create(&up->file, req_web(req)->files, key,
				  NULL);
	if (err)
		files_problem(req, err);
	else
		req_stream(req, body_handler, end_handler, up);
	mem_deref(up);
}
