/**
 * @file webfiles/soap.c  The file service of the Skype for Business client
 *                        (protocol.md 9.2)
 *
 * SOAP 1.1 as ASP.NET wraps it.  A refusal is HTTP 500 with a fault: after a
 * 4xx the client gives file transfer up until it is started again.  An upload
 * in pieces lies aside under the name of its token and its own, so that
 * nobody else can add to it; the piece that makes it whole puts it in place.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <re.h>
#include "common/conf.h"
#include "common/db/db.h"
#include "common/guid.h"
#include "common/store/status.h"
#include "common/xml.h"
#include "webfiles/core.h"
#include "webfiles/files.h"
#include "webfiles/filestore.h"
#include "webfiles/http.h"
#include "webfiles/store.h"

#define NS_SERVICE "http://www.microsoft.com"
#define NS_SOAP    "http://schemas.xmlsoap.org/soap/envelope/"

enum { DEPTH_MAX = 16, PIECE_MAX = 1024 * 1024 };

/** One call; goes with its request */
struct call {
	xmlDoc *doc;
	const xmlNode *op;
	const struct operation *row;
	struct file_key key;
	char token[GUID_STRSIZE];
	uint64_t offset, length;   /* of the piece; of the whole             */
};

typedef void (op_h)(struct req *req, struct call *call);

struct operation {
	const char *name;
	op_h *h;
};


static void call_destructor(void *data)
{
	struct call *call = data;

	if (call->doc)
		xmlFreeDoc(call->doc);
}


/* ------------------------------------------------------------- the answers */

static void fault(struct req *req, const char *text)
{
	char buf[1024];
	const int n = re_snprintf(buf, sizeof(buf),
		"<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\""
		NS_SOAP "\"><s:Body><s:Fault><faultcode>s:Server</faultcode>"
		"<faultstring>%s</faultstring></s:Fault></s:Body>"
		"</s:Envelope>", text);

	req_bytes(req, 500, "text/xml; charset=utf-8", buf,
		  n > 0 ? (size_t)n : 0);
}


static const struct refusal {
	int err;
	const char *text;
} refusalv[] = {
	{ EKEYEXPIRED, "the token is not for that, or its time is over" },
	{ EACCES,      "this user may not do that in this room" },
	{ EROFS,       "the room is disabled" },
	{ ENOENT,      "there is no such room or file" },
	{ EINVAL,      "a value is missing or not understood" },
	{ EPERM,       "files of this kind are not taken" },
	{ EBADMSG,     "the scanner refused this file" },
	{ EFBIG,       "the file is larger than allowed" },
	{ EDQUOT,      "the room has no space left for it" },
	{ EUSERS,      "this user has too many unfinished uploads" },
	{ ESPIPE,      "this is not the piece that comes next" },
};


static void refuse(struct req *req, int err)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refusalv); i++) {
		if (refusalv[i].err == err) {
			fault(req, refusalv[i].text);
			return;
		}
	}

	fault(req, "the file service failed, try again");
}


/* The result's characters need no escape: names, numbers, base64 */
static void result(struct req *req, const struct call *call,
		   const char *value, size_t len)
{
	const char *op = call->row->name;
	struct mbuf *mb = mbuf_alloc(len + 512);
	int err = mb ? 0 : ENOMEM;

	if (!err)
		err = mbuf_printf(mb, "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
			"<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Body>"
			"<%sResponse xmlns=\"" NS_SERVICE "\"><%sResult>%b"
			"</%sResult></%sResponse></s:Body></s:Envelope>",
			op, op, value, len, op, op);
	if (err)
		refuse(req, err);
	else
		req_bytes(req, 200, "text/xml; charset=utf-8", mb->buf,
			  mb->end);
	mem_deref(mb);
}


static void result_number(struct req *req, const struct call *call, uint64_t n)
{
	char buf[32];
	const int len = re_snprintf(buf, sizeof(buf), "%llu",
				    (unsigned long long)n);

	result(req, call, buf, len > 0 ? (size_t)len : 0);
}


/* ----------------------------------------------------------- the parameters */

static const xmlNode *child(const xmlNode *node, const char *name)
{
	const xmlNode *n;

	for (n = node ? node->children : NULL; n; n = n->next) {
		if (n->type == XML_ELEMENT_NODE &&
		    (!name || !strcasecmp((const char *)n->name, name)))
			return n;
	}

	return NULL;
}


/* Of a parameter's one text; "" when there is none */
static const char *param(const struct call *call, const char *name)
{
	const xmlNode *n = child(call->op, name);

	n = n ? n->children : NULL;

	return n && n->type == XML_TEXT_NODE && !n->next ?
		(const char *)n->content : "";
}


static bool number(uint64_t *np, const struct call *call, const char *name)
{
	const char *text = param(call, name);
	char *end;

	errno = 0;
	*np = strtoull(text, &end, 10);

	return *text >= '0' && *text <= '9' && !*end && !errno;
}


static bool guid_param(uint8_t guid[GUID_SIZE], const struct call *call,
		       const char *name)
{
	struct pl pl;

	pl_set_str(&pl, param(call, name));

	return !guid_decode(guid, &pl);
}


static bool identify(struct call *call)
{
	uint8_t token[GUID_SIZE];

	if (!guid_param(token, call, "token") ||
	    !guid_param(call->key.room, call, "channelId"))
		return false;
	(void)guid_str(call->token, token);

	return true;
}


static struct call *call_of(struct req *req)
{
	return req_data(req);
}


/* The token's user may bring a file to the room; else answered */
static bool may_upload(struct req *req, const struct db_res *res,
		       struct upload_right *right)
{
	const int err = store_status(res, 0);

	if (err)
		refuse(req, err);
	else
		upload_right_read(right, res);

	return !err;
}


static void ask_upload(struct req *req, const struct call *call, req_db_h *h)
{
	struct db_args args;

	db_args_init(&args);
	db_text(&args, call->token);
	db_uuid(&args, call->key.room);
	req_db(req, "file_upload_begin", &args, h);
}


/* A piece keeps the place of the whole */
static void ask_piece(struct req *req, const struct call *call, req_db_h *h)
{
	const struct config *conf = req_web(req)->conf;
	struct db_args args;

	db_args_init(&args);
	db_text(&args, call->token);
	db_uuid(&args, call->key.room);
	db_uuid(&args, call->key.id);
	db_int8(&args, (int64_t)min(call->length, INT64_MAX));
	db_int4(&args, (int32_t)config_uint(conf, "files.unfinished_max"));
	db_int4(&args, (int32_t)config_uint(conf, "files.partial_s"));
	req_db(req, "file_piece_begin", &args, h);
}


/* --------------------------------------------------------------- uploading */

static void limit_handler(struct req *req, const struct db_res *res)
{
	result_number(req, call_of(req), (uint64_t)db_get_int(res, 0, 0));
}


static void op_max_file(struct req *req, struct call *call)
{
	struct db_args args;

	(void)call;
	db_args_init(&args);
	req_db(req, "file_size_max_kb", &args, limit_handler);
}


/* In base64, with what is around it, it must fit the body's limit */
static void op_max_request(struct req *req, struct call *call)
{
	const uint64_t body = config_uint(req_web(req)->conf,
					  "http.body_max_bytes");
	uint64_t piece = body > 8192 ? (body - 4096) / 4 * 3 : 4096;

	if (piece > PIECE_MAX)
		piece = PIECE_MAX;
	result_number(req, call, piece / 1024);
}


static void name_handler(struct req *req, const struct db_res *res)
{
	struct call *call = call_of(req);
	struct upload_right right;
	char name[FILE_NAME_SIZE];

	if (!may_upload(req, res, &right))
		return;

	guid_new(call->key.id);
	file_key_print(name, &call->key);
	result(req, call, name, strlen(name));
}


static void op_name(struct req *req, struct call *call)
{
	const char *ext = param(call, "extension");
	char dotted[64];
	int err;

	if (re_snprintf(dotted, sizeof(dotted), ".%s",
			*ext == '.' ? ext + 1 : ext) < 0)
		err = EINVAL;
	else
		err = filestore_ext(call->key.ext, req_web(req)->files,
				    dotted);
	if (err)
		refuse(req, err);
	else
		ask_upload(req, call, name_handler);
}


static void whole_handler(struct req *req, int err, const struct file_new *f,
			  const char *name)
{
	(void)f;
	(void)name;

	if (err)
		refuse(req, err);
	else
		result(req, call_of(req), "true", 4);
}


static int append(struct file_new *f, const struct call *call)
{
	const char *text = param(call, "fileChunk");
	const size_t len = strlen(text);
	size_t size = len / 4 * 3 + 4;
	uint8_t *piece;
	int err;

	if (f->size != call->offset)
		return ESPIPE;

	piece = mem_alloc(size, NULL);
	if (!piece)
		return ENOMEM;
	err = base64_decode(text, len, piece, &size);
	if (!err && call->offset + size > call->length)
		err = EINVAL;
	if (!err)
		err = file_write(f, piece, size);
	mem_deref(piece);

	return err;
}


static void chunk_handler(struct req *req, const struct db_res *res)
{
	struct call *call = call_of(req);
	struct upload_right right;
	struct file_new *f = NULL;
	char aside[2 * GUID_STRSIZE + 8], name[FILE_NAME_SIZE];
	int err;

	if (!may_upload(req, res, &right))
		return;

	(void)re_snprintf(aside, sizeof(aside), "%s-%H", call->token,
			  guid_print, call->key.id);
	err = call->length > right.size_max ? EFBIG :
		call->length > right.room_left ? EDQUOT :
		file_create(&f, req_web(req)->files, &call->key, aside);
	if (!err)
		err = append(f, call);
	if (err) {
		if (f)
			file_keep(f);
		refuse(req, err);
	}
	else if (f->size < call->length) {
		file_keep(f);
		result(req, call, "true", 4);
	}
	else {
		file_key_print(name, &call->key);
		upload_finish(req, f, right.user, name, false,
			      whole_handler);
	}
	mem_deref(f);
}


static void op_append(struct req *req, struct call *call)
{
	const char *name = param(call, "uniqueFilename");
	char ext[FILE_EXT_MAX + 1];
	int err;

	err = file_key_decode(&call->key, name);
	if (!err)
		err = filestore_ext(ext, req_web(req)->files, name);
	if (!err && (!number(&call->offset, call, "offset") ||
		     !number(&call->length, call, "fileLength")))
		err = EINVAL;
	if (err)
		refuse(req, err);
	else
		ask_piece(req, call, chunk_handler);
}


/* ------------------------------------------------------------- downloading */

static void size_handler(struct req *req, const struct db_res *res)
{
	const int err = store_status(res, 0);

	if (err)
		refuse(req, err);
	else
		result_number(req, call_of(req),
			      (uint64_t)db_get_int(res, 0, 3));
}


static void send_piece(struct req *req, const struct call *call, int fd)
{
	const size_t size = (size_t)call->length;
	uint8_t *raw = mem_alloc(size + 1, NULL);
	size_t blen = size / 3 * 4 + 8;
	char *text = mem_alloc(blen, NULL);
	ssize_t n = raw && text ?
		pread(fd, raw, size, (off_t)call->offset) : -1;

	if (n < 0 || base64_encode(raw, (size_t)n, text, &blen))
		refuse(req, EIO);
	else
		result(req, call, text, blen);
	mem_deref(raw);
	mem_deref(text);
}


static void piece_handler(struct req *req, const struct db_res *res)
{
	struct call *call = call_of(req);
	const int err = store_status(res, 0);
	uint64_t size;
	int fd;

	if (err) {
		refuse(req, err);
		return;
	}

	fd = filestore_get(req_web(req)->files, &call->key, &size);
	if (fd < 0) {
		refuse(req, ENOENT);
		return;
	}
	send_piece(req, call, fd);
	(void)close(fd);
}


static void ask_download(struct req *req, struct call *call, bool tell,
			 req_db_h *h)
{
	struct db_args args;

	if (file_key_decode(&call->key, param(call, "reposFileName"))) {
		refuse(req, EINVAL);
		return;
	}

	db_args_init(&args);
	db_text(&args, call->token);
	db_uuid(&args, call->key.room);
	db_uuid(&args, call->key.id);
	db_bool(&args, tell);
	req_db(req, "file_download", &args, h);
}


static void op_size(struct req *req, struct call *call)
{
	ask_download(req, call, false, size_handler);
}


static void op_download(struct req *req, struct call *call)
{
	if (!number(&call->offset, call, "offset") ||
	    !number(&call->length, call, "bufferSize") || !call->length) {
		refuse(req, EINVAL);
		return;
	}
	if (call->length > PIECE_MAX)
		call->length = PIECE_MAX;

	ask_download(req, call, !call->offset, piece_handler);
}


/* ------------------------------------------------------------- the service */

static const struct operation opv[] = {
	{ "RequestUniqueFilenameWithExtension", op_name        },
	{ "GetMaxFileSizeInKB",                 op_max_file    },
	{ "GetMaxRequestContentInKB",           op_max_request },
	{ "AppendChunk",                        op_append      },
	{ "GetFileSize",                        op_size        },
	{ "DownloadChunk",                      op_download    },
};


static const struct operation *find(const xmlNode *op)
{
	size_t i;

	for (i = 0; op && i < ARRAY_SIZE(opv); i++) {
		if (!strcasecmp((const char *)op->name, opv[i].name))
			return &opv[i];
	}

	return NULL;
}


static bool free_to_ask(const struct operation *row)
{
	return row->h == op_max_file || row->h == op_max_request;
}


static void service(struct req *req)
{
	struct call *call = mem_zalloc(sizeof(*call), call_destructor);
	const struct pl body = req_body(req);

	if (!call || xml_read(&call->doc, &body, DEPTH_MAX)) {
		fault(req, "the request is not a SOAP message");
		goto out;
	}

	call->op  = child(child(xmlDocGetRootElement(call->doc), "Body"),
			  NULL);
	call->row = find(call->op);
	if (!call->row)
		fault(req, "there is no such operation");
	else if (!identify(call) && !free_to_ask(call->row))
		refuse(req, EINVAL);
	else {
		req_set_data(req, call);
		call->row->h(req, call);
	}

 out:
	mem_deref(call);
}


static const struct route routev[] = {
	{ "POST", "/PersistentChat/MGCWebService.asmx",
	  ROUTE_TOKEN | ROUTE_RAW, service,
	  "The file service of the Skype for Business client (SOAP)", NULL },
};


static void __attribute__((constructor)) init(void)
{
	route_register(routev, ARRAY_SIZE(routev));
}
