/**
 * @file webfiles/upload.c  A body becomes a file
 *
 * Written as it comes, in pieces of what the connection's buffer holds; then
 * flushed and put in place beside the loop; then entered in the store, in one
 * transaction with its event.  Only then 201.  Whatever stops on the way
 * leaves nothing behind.
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/guid.h"
#include "common/stats.h"
#include "common/store/status.h"
#include "common/shown.h"
#include "webfiles/core.h"
#include "webfiles/files.h"
#include "webfiles/filestore.h"
#include "webfiles/http.h"
#include "webfiles/store.h"

struct upload {
	struct file_new *file;
	struct upload_right right;
	char *name;
	bool post;                 /* the link, in the room                  */
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
	struct file_new *file;
	char *name;
	char *link;                /* to be posted, NULL: none               */
	int64_t user;
	upload_h *h;
};


static void entry_destructor(void *data)
{
	struct entry *entry = data;

	mem_deref(entry->name);
	mem_deref(entry->link);
	mem_deref(entry->file);
	mem_deref(entry->req);
}


/* Told although the client may have gone: what is in the store stays.  When
   the store does not say whether it has it, it is asked later (clean.c) */
static void entered_handler(int err, const struct db_res *res, void *arg)
{
	struct entry *entry = arg;

	if (err) {
		err = EAGAIN;
	}
	else {
		err = store_status(res, 0);
		file_settle(entry->file, !err);
	}
	if (!err) {
		++n_uploads;
		n_bytes += entry->file->size;
	}

	entry->h(entry->req, err, entry->file, entry->name);
	mem_deref(entry);
}


static int enter(struct entry *entry)
{
	const struct file_new *f = entry->file;
	struct db_args args;

	db_args_init(&args);
	db_int8(&args, entry->user);
	db_uuid(&args, f->key.room);
	db_uuid(&args, f->key.id);
	db_text(&args, entry->name);
	db_text(&args, f->key.ext);
	db_int8(&args, (int64_t)f->size);
	db_text(&args, f->sha256);
	db_text(&args, entry->link);

	return db_exec(req_web(entry->req)->db, "file_uploaded", &args,
		       entered_handler, mem_ref(entry));
}


static void placed_handler(struct file_new *f, void *arg)
{
	struct entry *entry = arg;
	int err = f->err == EPERM ? EBADMSG : f->err;

	if (!err) {
		err = enter(entry);
		if (err) {
			mem_deref(entry);
			file_settle(f, false);
			err = EAGAIN;
		}
	}
	if (err)
		entry->h(entry->req, err, f, entry->name);
}


/* ma-filelink://DOMAIN/ROOM/GUID.EXT?name=NAME (protocol.md 9.4) */
static int link_print(char **linkp, const struct req *req,
		      const struct file_key *key, const char *name)
{
	char file[FILE_NAME_SIZE];
	struct pl pl;

	file_key_print(file, key);
	pl_set_str(&pl, name);

	return re_sdprintf(linkp, "ma-filelink://%s/%H/%s?name=%H",
			   req_web(req)->domain, guid_print, key->room, file,
			   files_escape, &pl);
}


void upload_finish(struct req *req, struct file_new *file, int64_t user,
		   const char *name, bool post, upload_h *h)
{
	struct entry *entry = mem_zalloc(sizeof(*entry), entry_destructor);
	int err;

	if (!entry) {
		h(req, ENOMEM, file, name);
		return;
	}

	entry->req  = mem_ref(req);
	entry->file = mem_ref(file);
	entry->user = user;
	entry->h    = h;
	err = str_dup(&entry->name, name);
	if (!err && post)
		err = link_print(&entry->link, req, &file->key, name);
	if (!err)
		err = file_place(file, req_web(req)->worker, placed_handler,
				 entry);
	if (err)
		h(req, EAGAIN, file, name);
	mem_deref(entry);
}


/* ---------------------------------------------------------------- the body */

static void done_handler(struct req *req, int err, const struct file_new *f,
			 const char *name)
{
	char file[FILE_NAME_SIZE], *link = NULL, *guid = NULL;

	if (err) {
		files_problem(req, err);
		return;
	}

	file_key_print(file, &f->key);
	if (!link_print(&link, req, &f->key, name) &&
	    !re_sdprintf(&guid, "%H", guid_print, f->key.id))
		req_reply(req, 201, json_pack(
			"{s:s, s:s, s:s, s:I, s:s, s:s}", "guid", guid,
			"file", file, "name", name, "size",
			(json_int_t)f->size, "sha256", f->sha256,
			"link", link));
	mem_deref(link);
	mem_deref(guid);
}


static void end_handler(struct req *req, void *arg)
{
	struct upload *up = arg;

	upload_finish(req, up->file, up->right.user, up->name, up->post,
		      done_handler);
}


/* Nothing in it that people would not see: controls, turns of direction */
static int name_check(const char *name)
{
	char *shown = shown_line(name);
	int err = !shown ? ENOMEM : strcmp(shown, name) ? EINVAL : 0;

	mem_deref(shown);
	return err;
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
	up->post  = !req_query(req, "post") ||
		strcmp(req_query(req, "post"), "false");
	err = name_check(name);
	if (!err)
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
