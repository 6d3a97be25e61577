/**
 * @file webfiles/files.h  What uploads and downloads have in common
 */
#pragma once

struct db_res;
struct file_key;
struct file_new;
struct req;

/** Answers what the store refused; true: it did */
bool files_refused(struct req *req, const struct db_res *res);
/** The same for an errno */
void files_problem(struct req *req, int err);
/** The token of a request (Authorization: Bearer, or ?token=); answers when
 *  there is none */
const char *files_token(struct req *req);
/** re_printf handler for %H: a struct pl, escaped as in a URI */
int  files_escape(struct re_printf *pf, const struct pl *pl);
/** {room} of the route as a GUID; answers when it is none */
bool files_room(uint8_t room[16], struct req *req);

/** {room} and {file} of the route; answers when they name no file */
bool files_key(struct file_key *key, struct req *req);

/** What may come, once the store has said so */
struct upload_right {
	int64_t user;
	uint64_t size_max;         /* of one file, bytes                     */
	uint64_t room_left;        /* for all files of the room              */
};

/**
 * Take the body as a file called @p name, put it in place, enter it in the
 * store and answer 201 with {guid, name, size, link}.  The link is posted in
 * the room unless the query says post=false
 */
void upload_run(struct req *req, const struct upload_right *right,
		const struct file_key *key, const char *name);

/** What became of it: err as files_problem() takes it */
typedef void (upload_h)(struct req *req, int err, const struct file_new *f,
			const char *name);
/** Put a file in place that is whole, and enter it in the store; with @p post
 *  its link is posted in the room, in the same transaction */
void upload_finish(struct req *req, struct file_new *file, int64_t user,
		   const char *name, bool post, upload_h *h);
/** The first and third columns of file_upload_begin */
void upload_right_read(struct upload_right *right, const struct db_res *res);

/** A row of file_upload_begin: the body becomes a file called @p name, or the
 *  refusal is answered */
void files_take(struct req *req, const struct db_res *res, const char *name);
/** A row of file_download: the route's file is the answer, or the refusal */
void files_give(struct req *req, const struct db_res *res);

/** Answer with the file that a row of file_download describes */
void download_run(struct req *req, const struct file_key *key,
		  const struct db_res *res);
/** Only what comes first of a file is told to compliance as a download */
bool download_tells(const struct req *req);
