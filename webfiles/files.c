/**
 * @file webfiles/files.c  Files by token: PUT and GET below /files
 *
 * The token says who, which room and which direction; its user's rights are
 * asked of the store again at every request.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <re.h>
#include "common/db/db.h"
#include "common/guid.h"
#include "common/stats.h"
#include "common/store/status.h"
#include "webfiles/core.h"
#include "webfiles/files.h"
#include "webfiles/filestore.h"
#include "webfiles/http.h"
#include "webfiles/store.h"

static uint64_t n_refused;

static const struct stats_row rowv[] = {
	{ "files_refused", &n_refused, false,
	  "Uploads and downloads refused for want of a right or a token" },
};

static const struct refusal {
	int err;
	unsigned status;
	const char *kind;
	const char *detail;
} refusalv[] = {
	{ EKEYEXPIRED, 403, "token", "this token is not for that, or its time "
	  "is over" },
	{ EACCES,  403, "not-allowed", "this user may not do that in this "
	  "room" },
	{ EROFS,   403, "disabled", "the room is disabled" },
	{ ENOENT,  404, "not-found", "there is no such room or file" },
	{ EINVAL,  400, "invalid", "that is not a file's name" },
	{ EPERM,   422, "file-type", "files of this kind are not taken" },
	{ EBADMSG, 422, "scanner", "the scanner refused this file" },
	{ EFBIG,   413, "too-large", "the file is larger than allowed" },
	{ EDQUOT,  507, "quota", "the room has no space left for it" },
	{ ENOSPC,  507, "disk-full", "there is no space left" },
	{ EAGAIN,  503, "busy", "too much is under way, try again" },
};


static void __attribute__((constructor)) init_stats(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


void files_problem(struct req *req, int err)
{
	size_t i;

	++n_refused;
	for (i = 0; i < ARRAY_SIZE(refusalv); i++) {
		if (refusalv[i].err == err) {
			req_problem(req, refusalv[i].status, refusalv[i].kind,
				    "%s", refusalv[i].detail);
			return;
		}
	}

	req_problem(req, 500, "storage", "the file store failed: %m", err);
}


bool files_refused(struct req *req, const struct db_res *res)
{
	const int err = store_status(res, 0);

	if (err)
		files_problem(req, err);

	return err != 0;
}


int files_escape(struct re_printf *pf, const struct pl *pl)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < pl->l; i++) {
		const uint8_t c = (uint8_t)pl->p[i];

		err = re_hprintf(pf, isalnum(c) || strchr("-_.", c) ?
				 "%c" : "%%%02X", c);
	}

	return err;
}


const char *files_token(struct req *req)
{
	const char *bearer = req_header(req, "Authorization");
	const char *token = req_query(req, "token");
	uint8_t guid[GUID_SIZE];
	struct pl pl;

	if (bearer && !strncasecmp(bearer, "Bearer ", 7))
		token = bearer + 7;
	if (!token) {
		req_header_add(req, "WWW-Authenticate", "Bearer");
		req_problem(req, 401, "token", "authentication token required");
		return NULL;
	}

	pl_set_str(&pl, token);
	if (guid_decode(guid, &pl)) {
		files_problem(req, EKEYEXPIRED);
		return NULL;
	}

	return token;
}


bool files_room(uint8_t room[GUID_SIZE], struct req *req)
{
	struct pl pl;

	pl_set_str(&pl, req_param(req, "room"));
	if (!guid_decode(room, &pl))
		return true;

	files_problem(req, ENOENT);

	return false;
}


/* --------------------------------------------------------------------- PUT */

void upload_right_read(struct upload_right *right, const struct db_res *res)
{
	const int64_t left = db_get_int(res, 0, 3);

	right->user      = db_get_int(res, 0, 1);
	right->size_max  = (uint64_t)db_get_int(res, 0, 2);
	right->room_left = left > 0 ? (uint64_t)left : 0;
}


void files_take(struct req *req, const struct db_res *res, const char *name)
{
	struct upload_right right;
	struct file_key key;
	int err;

	if (files_refused(req, res) || !files_room(key.room, req))
		return;

	upload_right_read(&right, res);
	guid_new(key.id);
	err = filestore_ext(key.ext, req_web(req)->files, name);
	if (err)
		files_problem(req, err);
	else
		upload_run(req, &right, &key, name);
}


static void begin_handler(struct req *req, const struct db_res *res)
{
	files_take(req, res, req_param(req, "name"));
}


static void put(struct req *req)
{
	uint8_t room[GUID_SIZE];
	struct db_args args;
	const char *token;

	token = files_token(req);
	if (!token || !files_room(room, req))
		return;

	db_args_init(&args);
	db_text(&args, token);
	db_uuid(&args, room);
	req_db(req, "file_upload_begin", &args, begin_handler);
}


/* --------------------------------------------------------------------- GET */

bool files_key(struct file_key *key, struct req *req)
{
	if (!files_room(key->room, req))
		return false;
	if (!file_key_decode(key, req_param(req, "file")))
		return true;

	files_problem(req, EINVAL);

	return false;
}


void files_give(struct req *req, const struct db_res *res)
{
	struct file_key key;

	if (!files_refused(req, res) && files_key(&key, req))
		download_run(req, &key, res);
}


static void get(struct req *req)
{
	struct file_key key;
	struct db_args args;
	const char *token;

	token = files_token(req);
	if (!token || !files_key(&key, req))
		return;

	db_args_init(&args);
	db_text(&args, token);
	db_uuid(&args, key.room);
	db_uuid(&args, key.id);
	db_bool(&args, download_tells(req));
	req_db(req, "file_download", &args, files_give);
}


static const struct route routev[] = {
	{ "PUT", "/files/{room}/{name}", ROUTE_TOKEN | ROUTE_STREAM, put,
	  "Bring a file to a room, by token", NULL },
	{ "GET", "/files/{room}/{file}", ROUTE_TOKEN, get,
	  "Take a file of a room, by token", NULL },
};


static void __attribute__((constructor)) init(void)
{
	route_register(routev, ARRAY_SIZE(routev));
}
