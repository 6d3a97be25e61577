/**
 * @file webfiles/download.c  A file becomes an answer: ranges, names, tags
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <re.h>
#include "common/db/db.h"
#include "common/stats.h"
#include "webfiles/core.h"
#include "webfiles/files.h"
#include "webfiles/filestore.h"
#include "webfiles/http.h"

struct range {
	uint64_t from, len;
	bool partial;
};

static uint64_t n_downloads, n_bytes;

static const struct stats_row rowv[] = {
	{ "files_downloaded",       &n_downloads, false, "Files taken" },
	{ "files_downloaded_bytes", &n_bytes,     false, "Their bytes" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


/* "A-B", "A-" or "-N" to the first and the last byte.  EINVAL: something else,
   ERANGE: of which there is nothing */
static int bounds(uint64_t *fromp, uint64_t *lastp, const char *text,
		  uint64_t size)
{
	const bool tail = *text == '-';
	uint64_t n;
	char *end;

	text += tail;
	if (!isdigit((unsigned char)*text))
		return EINVAL;
	n = strtoull(text, &end, 10);
	*lastp = size ? size - 1 : 0;

	if (tail) {
		*fromp = n < size ? size - n : 0;
		return *end ? EINVAL : !n || !size ? ERANGE : 0;
	}

	*fromp = n;
	if (*end++ != '-')
		return EINVAL;
	if (*end) {
		n = isdigit((unsigned char)*end) ? strtoull(end, &end, 10) : 0;
		if (*end || n < *fromp)
			return EINVAL;
		*lastp = MIN(n, *lastp);
	}

	return *fromp < size ? 0 : ERANGE;
}


/* What is not understood, and several ranges, are answered whole */
static int range_decode(struct range *range, const char *text, uint64_t size)
{
	uint64_t from, last;
	int err;

	range->from = 0;
	range->len = size;
	range->partial = false;
	if (!text || strncmp(text, "bytes=", 6))
		return 0;

	err = bounds(&from, &last, text + 6, size);
	if (err)
		return err == ERANGE ? ERANGE : 0;

	range->from = from;
	range->len = last - from + 1;
	range->partial = true;

	return 0;
}


/* Any part of a file may be all that matters: the range says nothing */
bool download_tells(const struct req *req)
{
	return strcmp(req_method(req), "HEAD") != 0;
}


/* RFC 6266: never shown by the browser, always saved */
static void disposition(struct req *req, const struct pl *name)
{
	req_headerf(req, "Content-Disposition",
		    "attachment; filename*=UTF-8''%H", files_escape, name);
}


static void reply(struct req *req, int fd, uint64_t size,
		 const struct db_res *res)
{
	const struct pl name = db_get_text(res, 0, 1);
	const struct pl digest = db_get_text(res, 0, 4);
	const char *known = req_header(req, "If-None-Match");
	const char *same = req_header(req, "If-Range");
	char etag[80];
	struct range range;

	(void)re_snprintf(etag, sizeof(etag), "\"%r\"", &digest);
	req_header_add(req, "ETag", etag);
	req_header_add(req, "Accept-Ranges", "bytes");

	if (known && !strcmp(known, etag)) {
		(void)close(fd);
		req_empty(req, 304);
		return;
	}
	if (range_decode(&range, same && strcmp(same, etag) ? NULL :
			 req_header(req, "Range"), size)) {
		(void)close(fd);
		req_headerf(req, "Content-Range", "bytes */%llu",
			    (unsigned long long)size);
		req_problem(req, 416, "range", "the file has %llu bytes",
			    (unsigned long long)size);
		return;
	}

	if (range.partial)
		req_headerf(req, "Content-Range", "bytes %llu-%llu/%llu",
			    (unsigned long long)range.from,
			    (unsigned long long)(range.from + range.len - 1),
			    (unsigned long long)size);
	disposition(req, &name);
	req_header_add(req, "Cache-Control", "private, no-cache");
	++n_downloads;
	n_bytes += range.len;
	req_file(req, range.partial ? 206 : 200, "application/octet-stream",
		 fd, range.from, range.len);
}


void download_run(struct req *req, const struct file_key *key,
		  const struct db_res *res)
{
	const struct pl ext = db_get_text(res, 0, 2);
	struct file_key wanted = *key;
	uint64_t size = 0;
	int fd;

	/* the store's extension, whatever was asked for */
	(void)pl_strcpy(&ext, wanted.ext, sizeof(wanted.ext));
	fd = strcmp(wanted.ext, key->ext) ? -1 :
		filestore_get(req_web(req)->files, &wanted, &size);
	if (fd < 0)
		files_problem(req, ENOENT);
	else
		reply(req, fd, size, res);
}
