/**
 * @file webfiles/files_api.c  Files for who is signed in: below /api/v1/rooms
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/guid.h"
#include "common/limits.h"
#include "common/utf8.h"
#include "webfiles/files.h"
#include "webfiles/filestore.h"
#include "webfiles/http.h"
#include "webfiles/session.h"
#include "webfiles/store.h"


static void begin_handler(struct req *req, const struct db_res *res)
{
	files_take(req, res, req_query(req, "name"));
}


static void upload(struct req *req)
{
	const char *name = req_query(req, "name");
	uint8_t room[GUID_SIZE];
	struct db_args args;

	if (!files_room(room, req))
		return;
	if (!str_isset(name) || utf8_count(name) > LIMIT_NAME ||
	    strchr(name, '/')) {
		files_problem(req, EINVAL);
		return;
	}

	db_args_init(&args);
	db_int8(&args, req_session(req)->principal_id);
	db_uuid(&args, room);
	req_db(req, "file_upload_begin_as", &args, begin_handler);
}


static void download(struct req *req)
{
	struct file_key key;
	struct db_args args;

	if (!files_key(&key, req))
		return;

	db_args_init(&args);
	db_int8(&args, req_session(req)->principal_id);
	db_uuid(&args, key.room);
	db_uuid(&args, key.id);
	db_bool(&args, download_tells(req));
	req_db(req, "file_download_as", &args, files_give);
}


static const struct route routev[] = {
	{ "POST", "/api/v1/rooms/{room}/files", ROUTE_STREAM, upload,
	  "Bring a file to a room; its link is posted there", NULL },
	{ "GET", "/api/v1/rooms/{room}/files/{file}", 0, download,
	  "Take a file of a room", NULL },
};


static void __attribute__((constructor)) init(void)
{
	route_register(routev, ARRAY_SIZE(routev));
}
