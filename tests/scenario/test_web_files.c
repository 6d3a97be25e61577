/**
 * @file tests/scenario/test_web_files.c  Files: tokens over SIP, bytes over
 *                                        HTTPS, links in the room
 *
 * Spec: protocol.md 4.11 and 9.  Ten-second limits of configuration are
 * shortened; what takes hours is made old in the store.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/scenario/web.h"
#include "tests/support/proc.h"
#include "tests/support/rawtls.h"
#include "tests/unit/suite.h"

#define CLOSED(name) "{\"name\":\"" name "\",\"category\":\"Main\"," \
	"\"privacy\":\"closed\",\"members\":[" ADA "," BOB "]," \
	"\"managers\":[" ADA "]}"
#define ADA "\"sip:ada@example.net\""
#define BOB "\"sip:bob@example.net\""
#define SOAP "/PersistentChat/MGCWebService.asmx"

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "," USER("cleo") ","
	USER("root") "],"
	"\"categories\":[" MAIN ",{\"name\":\"Bare\",\"files\":false,"
	"\"allowed\":[\"domain:example.net\"]},{\"name\":\"Mute\","
	"\"history\":false,\"allowed\":[\"domain:example.net\"]}],"
	"\"rooms\":[" ROOM("Put") "," ROOM("Range") "," ROOM("Soap") ","
	ROOM("Fault") "," ROOM("Told") "," ROOM("Kinds") "," ROOM("Big") ","
	ROOM("Full") "," ROOM("Race") "," ROOM("Purged") "," ROOM("Doomed")
	"," ROOM("Orphan") "," ROOM("Other") "," ROOM("Half") ","
	ROOM("Held") "," ROOM("Archived") "," CLOSED("Ours") ","
	"{\"name\":\"Bare one\",\"category\":\"Bare\",\"privacy\":\"open\"},"
	"{\"name\":\"Mute one\",\"category\":\"Mute\",\"privacy\":\"open\"}"
	"]}";

static char scanner[] = "/tmp/pchat-scan-XXXXXX";


/* Refuses what says "virus" */
static void write_scanner(void)
{
	static const char text[] = "#!/bin/sh\n! grep -q virus \"$1\"\n";
	const int fd = mkstemp(scanner);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq((int)write(fd, text, sizeof(text) - 1),
			 (int)sizeof(text) - 1);
	ck_assert_int_eq(fchmod(fd, 0700), 0);
	ck_assert_int_eq(close(fd), 0);
}


static void up(void)
{
	char scan[128];
	const char *const setv[] = {
		"webfiles.files.clean_s=1", "webfiles.files.partial_s=2",
		"webfiles.files.allowed=txt bin pdf exe", scan, NULL,
	};

	write_scanner();
	(void)re_snprintf(scan, sizeof(scan), "webfiles.files.scanner=%s",
			  scanner);
	web_up(data, setv);
}


static void down(void)
{
	stage_down();
	(void)unlink(scanner);
}


/** A person in a room with a browser of his own, which is not signed in */
struct person {
	struct client *c;
	struct browser *b;
	char *room;
};


static void enter(struct person *p, size_t i, const char *name,
		  const char *room)
{
	ck_room(p->room, pool, room);
	ck_open(p->c, pool, i, name);
	ck_assert_uint_eq(chat_join(p->c, p->room, NULL), 200);
	ck_assert_int_eq(browser_open(&p->b, pool, i), 0);
}


static char *token(const struct person *p, const char *verb)
{
	char *t = web_token(p->c, p->room, verb);

	ck_assert_ptr_nonnull(t);

	return t;
}


static unsigned put(const struct person *p, const char *t, const void *bytes,
		    size_t len, const char *name)
{
	browser_with(p->b, "Authorization: Bearer %s", t);

	return browser_put(p->b, "PUT", "", bytes, len, false, "/files/%s/%s",
			   xd_room_id(p->room), name);
}


/* Put some text there; @p file is what it is called then */
static void put_text(const struct person *p, const char *text,
		     const char *query, char file[64])
{
	char *t = token(p, "getfutok"), name[64];

	(void)re_snprintf(name, sizeof(name), "plan.txt%s", query);
	ck_status(p->b, put(p, t, text, strlen(text), name), 201);
	str_ncpy(file, browser_member(p->b, "file"), 64);
	mem_deref(t);
}


static unsigned get(const struct person *p, const char *t, const char *file)
{
	browser_with(p->b, "Authorization: Bearer %s", t);

	return browser_get(p->b, "/files/%s/%s", xd_room_id(p->room), file);
}


static unsigned get_text(const struct person *p, const char *file)
{
	char *t = token(p, "getfdtok");
	const unsigned status = get(p, t, file);

	mem_deref(t);

	return status;
}


static bool nothing_aside(void *arg)
{
	(void)arg;

	return !web_files("new");
}


static bool something_aside(void *arg)
{
	(void)arg;

	return web_files("new") > 0;
}


/* ----------------------------------------------------------------- by token */

START_TEST(a_file_comes_to_the_room_and_is_taken_by_another)
{
	struct person ada, bob;
	char *link = NULL, *t, file[64];

	enter(&ada, 0, "ada", "Put");
	enter(&bob, 1, "bob", "Put");
	t = token(&ada, "getfutok");
	ck_status(ada.b, put(&ada, t, "four words of text", 18,
			     "a%20plan.TXT"), 201);
	ck_assert_str_eq(browser_member(ada.b, "name"), "a plan.TXT");
	ck_assert_str_eq(browser_member(ada.b, "size"), "18");
	str_ncpy(file, browser_member(ada.b, "file"), sizeof(file));
	ck_assert_ptr_nonnull(strstr(file, ".txt"));
	(void)str_dup(&link, browser_member(ada.b, "link"));
	ck_assert_int_eq(strncmp(link, "ma-filelink://example.net/", 26), 0);
	ck_assert_ptr_nonnull(strstr(link, "?name=a%20plan.TXT"));

	/* both processes of the chat tell it */
	ck_assert_int_gt(chat_hear(ada.c, ada.room, link), 0);
	ck_assert_int_gt(chat_hear(bob.c, bob.room, link), 0);

	/* the other process of the web service has it */
	ck_status(bob.b, get_text(&bob, file), 200);
	ck_assert_str_eq(browser_text(bob.b), "four words of text");
	ck_assert_str_eq(browser_head(bob.b, "Content-Disposition"),
			 "attachment; filename*=UTF-8''a%20plan.TXT");
	ck_assert_str_eq(browser_head(bob.b, "Content-Type"),
			 "application/octet-stream");
	ck_assert_str_eq(browser_head(bob.b, "X-Content-Type-Options"),
			 "nosniff");
	mem_deref(link);
	mem_deref(t);
}
END_TEST


static const struct {
	const char *header;
	unsigned status;
	const char *text, *range;
} rangev[] = {
	{ "Range: bytes=0-3",   206, "0123",       "bytes 0-3/10" },
	{ "Range: bytes=8-",    206, "89",         "bytes 8-9/10" },
	{ "Range: bytes=-3",    206, "789",        "bytes 7-9/10" },
	{ "Range: bytes=4-400", 206, "456789",     "bytes 4-9/10" },
	{ "Range: bytes=-400",  206, "0123456789", "bytes 0-9/10" },
	{ "Range: bytes=10-",   416, NULL,         "bytes */10"   },
	{ "Range: bytes=-0",    416, NULL,         "bytes */10"   },
	{ "Range: bytes=3-1",   200, "0123456789", NULL           },
	{ "Range: lines=1-2",   200, "0123456789", NULL           },
	{ "Range: bytes=0-1,4-5", 200, "0123456789", NULL         },
	{ "Range: bytes=99999999999999999999-", 416, NULL, "bytes */10" },
};

START_TEST(parts_of_a_file)
{
	struct person ada;
	char file[64], etag[100];
	size_t i;
	char *t;

	enter(&ada, 0, "ada", "Range");
	put_text(&ada, "0123456789", "", file);
	t = token(&ada, "getfdtok");
	for (i = 0; i < ARRAY_SIZE(rangev); i++) {
		const char *range;

		browser_with(ada.b, "%s", rangev[i].header);
		ck_status(ada.b, get(&ada, t, file), rangev[i].status);
		if (rangev[i].text)
			ck_assert_str_eq(browser_text(ada.b), rangev[i].text);
		range = browser_head(ada.b, "Content-Range");
		ck_assert_pstr_eq(range, rangev[i].range);
	}

	ck_status(ada.b, get(&ada, t, file), 200);
	str_ncpy(etag, browser_head(ada.b, "ETag"), sizeof(etag));
	browser_with(ada.b, "If-None-Match: %s", etag);
	ck_status(ada.b, get(&ada, t, file), 304);
	ck_assert_uint_eq(browser_body(ada.b)->end, 0);
	browser_with(ada.b, "If-Range: %s", etag);
	browser_with(ada.b, "Range: bytes=1-2");
	ck_status(ada.b, get(&ada, t, file), 206);
	browser_with(ada.b, "If-Range: \"another\"");
	browser_with(ada.b, "Range: bytes=1-2");
	ck_status(ada.b, get(&ada, t, file), 200);
	mem_deref(t);
}
END_TEST


START_TEST(rights_count_at_every_use)
{
	struct person bob;
	struct browser *root;
	char file[64], *t, *u;

	enter(&bob, 0, "bob", "Ours");
	put_text(&bob, "ours", "", file);
	t = token(&bob, "getfdtok");
	u = token(&bob, "getfutok");
	ck_status(bob.b, get(&bob, t, file), 200);

	ck_browser(root, pool, 0, "root");
	ck_status(root, browser_get(root, "/api/v1/rooms/%s",
				    xd_room_id(bob.room)), 200);
	browser_with(root, "If-Match: %s", browser_head(root, "ETag"));
	ck_status(root, browser_send(root, "PATCH", "{\"members\":[" ADA "]}",
		"/api/v1/rooms/%s", xd_room_id(bob.room)), 200);

	ck_status(bob.b, get(&bob, t, file), 403);
	ck_status(bob.b, put(&bob, u, "x", 1, "x.txt"), 403);
	ck_assert_str_eq(browser_member(bob.b, "type"),
			 "urn:pchat:problem:not-allowed");
	mem_deref(t);
	mem_deref(u);
}
END_TEST


START_TEST(who_is_not_inside_gets_no_token)
{
	struct client *cleo;
	char *room;

	ck_room(room, pool, "Put");
	ck_open(cleo, pool, 0, "cleo");
	ck_assert_ptr_null(web_token(cleo, room, "getfutok"));
	mem_deref(room);

	/* and nobody brings files where the category takes none */
	ck_room(room, pool, "Bare one");
	ck_assert_uint_eq(chat_join(cleo, room, NULL), 200);
	ck_assert_ptr_null(web_token(cleo, room, "getfutok"));
	mem_deref(room);
}
END_TEST


/* -------------------------------------------------------------------- SOAP */

static unsigned soap(const struct person *p, const char *op, const char *t,
		     const char *fmt, ...)
{
	char *params = NULL, *body = NULL;
	unsigned status;
	va_list ap;

	va_start(ap, fmt);
	ck_assert_int_eq(re_vsdprintf(&params, fmt, ap), 0);
	va_end(ap);
	ck_assert_int_eq(re_sdprintf(&body, "<s:Envelope xmlns:s=\"http://"
		"schemas.xmlsoap.org/soap/envelope/\"><s:Body><%s xmlns="
		"\"http://www.microsoft.com\"><token>%s</token><channelId>%s"
		"</channelId>%s</%s></s:Body></s:Envelope>", op, t,
		xd_room_id(p->room), params, op), 0);
	browser_with(p->b, "SOAPAction: \"http://www.microsoft.com/%s\"", op);
	status = browser_put(p->b, "POST", "text/xml; charset=utf-8", body,
			     strlen(body), false, SOAP);
	mem_deref(params);
	mem_deref(body);

	return status;
}


/* What stands in <OpResult> */
static char *result(const struct person *p, const char *op)
{
	char mark[64], *text = NULL;
	const char *at, *end;

	(void)re_snprintf(mark, sizeof(mark), "<%sResult>", op);
	at = strstr(browser_text(p->b), mark);
	ck_assert_msg(at != NULL, "%s", browser_text(p->b));
	at += strlen(mark);
	end = strchr(at, '<');
	ck_assert_ptr_nonnull(end);
	(void)re_sdprintf(&text, "%b", at, (size_t)(end - at));

	return text;
}


static unsigned append(const struct person *p, const char *t, const char *name,
		       const char *text, unsigned offset, unsigned length)
{
	char chunk[64];
	size_t n = sizeof(chunk);

	ck_assert_int_eq(base64_encode((const uint8_t *)text, strlen(text),
				       chunk, &n), 0);

	return soap(p, "AppendChunk", t, "<uniqueFilename>%s</uniqueFilename>"
		    "<fileChunk>%b</fileChunk><offset>%u</offset>"
		    "<fileLength>%u</fileLength>", name, chunk, n, offset,
		    length);
}


static unsigned chunk(const struct person *p, const char *t, const char *name,
		      unsigned offset, unsigned size)
{
	return soap(p, "DownloadChunk", t, "<reposFileName>%s</reposFileName>"
		    "<offset>%u</offset><bufferSize>%u</bufferSize>", name,
		    offset, size);
}


static char *unique_name(const struct person *p, const char *t,
			 const char *ext)
{
	ck_status(p->b, soap(p, "RequestUniqueFilenameWithExtension", t,
			     "<extension>%s</extension>", ext), 200);

	return result(p, "RequestUniqueFilenameWithExtension");
}


START_TEST(the_client_of_skype_for_business_brings_and_takes)
{
	struct person ada, bob;
	char *t, *name, *text;

	enter(&ada, 0, "ada", "Soap");
	enter(&bob, 1, "bob", "Soap");
	t = token(&ada, "getfutok");
	ck_status(ada.b, soap(&ada, "GetMaxFileSizeInKB", t, ""), 200);
	text = result(&ada, "GetMaxFileSizeInKB");
	ck_assert_str_eq(text, "20000");
	mem_deref(text);
	ck_status(ada.b, soap(&ada, "GetMaxRequestContentInKB", t, ""), 200);

	name = unique_name(&ada, t, ".pdf");
	ck_assert_ptr_nonnull(strstr(name, ".pdf"));
	ck_status(ada.b, append(&ada, t, name, "hello ", 0, 11), 200);

	/* not yet whole: nobody has it; nothing but the next piece fits */
	mem_deref(t);
	t = token(&bob, "getfdtok");
	ck_status(bob.b, chunk(&bob, t, name, 0, 100), 500);
	mem_deref(t);
	t = token(&ada, "getfutok");
	ck_status(ada.b, append(&ada, t, name, "world", 6, 11), 500);
	mem_deref(t);

	t = token(&ada, "getfutok");
	mem_deref(name);
	name = unique_name(&ada, t, "pdf");
	ck_status(ada.b, append(&ada, t, name, "hello ", 0, 11), 200);
	ck_status(ada.b, append(&ada, t, name, "hello ", 0, 11), 500);
	ck_status(ada.b, append(&ada, t, name, "world and all", 6, 11), 500);
	ck_status(ada.b, append(&ada, t, name, "world", 6, 11), 200);
	mem_deref(t);

	t = token(&bob, "getfdtok");
	ck_status(bob.b, soap(&bob, "GetFileSize", t, "<reposFileName>%s"
			      "</reposFileName>", name), 200);
	text = result(&bob, "GetFileSize");
	ck_assert_str_eq(text, "11");
	mem_deref(text);
	ck_status(bob.b, chunk(&bob, t, name, 6, 4), 200);
	text = result(&bob, "DownloadChunk");
	ck_assert_str_eq(text, "d29ybA==");
	mem_deref(text);
	mem_deref(name);
	mem_deref(t);
}
END_TEST


START_TEST(soap_refusals_are_500_with_a_fault)
{
	struct person ada;
	char *u, *d, *name;

	enter(&ada, 0, "ada", "Fault");
	u = token(&ada, "getfutok");
	d = token(&ada, "getfdtok");
	name = unique_name(&ada, u, "txt");

	/* another direction, names that are none, kinds that are not taken */
	ck_status(ada.b, append(&ada, d, name, "x", 0, 1), 500);
	ck_assert_ptr_nonnull(strstr(browser_text(ada.b), "<faultstring>the "
				     "token is not for that"));
	ck_status(ada.b, chunk(&ada, u, name, 0, 9), 500);
	ck_status(ada.b, append(&ada, u, "../../etc/passwd", "x", 0, 1), 500);
	ck_status(ada.b, append(&ada, u, "passwd", "x", 0, 1), 500);
	ck_status(ada.b, soap(&ada, "RequestUniqueFilenameWithExtension", u,
			      "<extension>exe</extension>"), 500);
	ck_status(ada.b, soap(&ada, "RequestUniqueFilenameWithExtension", u,
			      "<extension>/../x</extension>"), 500);
	ck_status(ada.b, append(&ada, u, name, "x", 0, 2000000000), 500);
	ck_status(ada.b, chunk(&ada, d, name, 0, 9), 500);
	ck_status(ada.b, soap(&ada, "Nothing", u, ""), 500);
	ck_status(ada.b, soap(&ada, "GetFileSize", "no-token", ""), 500);
	ck_assert_ptr_nonnull(strstr(browser_text(ada.b), "<s:Fault>"));
	ck_status(ada.b, append(&ada, u, name, "a virus", 0, 7), 500);
	mem_deref(name);
	mem_deref(u);
	mem_deref(d);
}
END_TEST


/* ------------------------------------------------------------------- limits */

START_TEST(kinds_of_files)
{
	struct person ada;
	char *t;

	enter(&ada, 0, "ada", "Kinds");
	t = token(&ada, "getfutok");
	ck_status(ada.b, put(&ada, t, "x", 1, "fine.pdf"), 201);
	ck_status(ada.b, put(&ada, t, "x", 1, "run.exe"), 422);
	ck_status(ada.b, put(&ada, t, "x", 1, "run.EXE"), 422);
	ck_status(ada.b, put(&ada, t, "x", 1, "page.html"), 422);
	ck_status(ada.b, put(&ada, t, "x", 1, "none"), 422);
	ck_status(ada.b, put(&ada, t, "x", 1, "odd.t%2at"), 400);
	/* a command for a terminal, another ending than one sees */
	ck_status(ada.b, put(&ada, t, "x", 1, "a%C2%9B31m.txt"), 400);
	ck_status(ada.b, put(&ada, t, "x", 1, "a%E2%80%AEfdp.txt"), 400);
	ck_status(ada.b, put(&ada, t, "this is a virus!", 16, "v.txt"), 422);
	ck_assert_str_eq(browser_member(ada.b, "type"),
			 "urn:pchat:problem:scanner");
	ck_assert_int_eq(web_files(xd_room_id(ada.room)), 1);
	mem_deref(t);
}
END_TEST


START_TEST(a_file_has_a_largest_size)
{
	static uint8_t bytes[300 * 1024];
	struct person ada;
	char *t;

	enter(&ada, 0, "ada", "Big");
	t = token(&ada, "getfutok");
	web_setting("MaxFileSizeKB", "200");
	ck_status(ada.b, put(&ada, t, bytes, 200 * 1024, "a.bin"), 201);
	ck_status(ada.b, put(&ada, t, bytes, 200 * 1024 + 1, "a.bin"), 413);
	browser_with(ada.b, "Authorization: Bearer %s", t);
	ck_status(ada.b, browser_put(ada.b, "PUT", "", bytes, sizeof(bytes),
		true, "/files/%s/a.bin", xd_room_id(ada.room)), 413);
	web_setting("MaxFileSizeKB", NULL);
	ck_status(ada.b, put(&ada, t, bytes, sizeof(bytes), "a.bin"), 201);
	ck_assert_int_eq(web_files(xd_room_id(ada.room)), 2);
	mem_deref(t);
}
END_TEST


START_TEST(a_room_has_room_for_so_much)
{
	static uint8_t bytes[80 * 1024];
	struct person ada;
	char *t;

	enter(&ada, 0, "ada", "Full");
	t = token(&ada, "getfutok");
	web_setting("RoomFileQuotaKB", "100");
	ck_status(ada.b, put(&ada, t, bytes, sizeof(bytes), "a.bin"), 201);
	ck_status(ada.b, put(&ada, t, bytes, sizeof(bytes), "a.bin"), 507);
	ck_status(ada.b, put(&ada, t, bytes, 20 * 1024, "a.bin"), 201);
	ck_status(ada.b, put(&ada, t, bytes, 1, "a.bin"), 507);
	ck_assert_str_eq(browser_member(ada.b, "type"),
			 "urn:pchat:problem:quota");
	web_setting("RoomFileQuotaKB", NULL);
	mem_deref(t);
}
END_TEST


/* Two at once each fit, not both */
START_TEST(a_room_that_fills_during_an_upload)
{
	static uint8_t bytes[80 * 1024];
	struct rawtls *r;
	struct person ada;
	char *t;

	enter(&ada, 0, "ada", "Race");
	t = token(&ada, "getfutok");
	web_setting("RoomFileQuotaKB", "100");
	ck_assert(web_until(nothing_aside, NULL));
	ck_assert_int_eq(rawtls_open(&r, pool, 0), 0);
	ck_assert_int_eq(rawtls_printf(r, "PUT /files/%s/x.bin HTTP/1.1\r\n"
		"Host: h\r\nAuthorization: Bearer %s\r\nContent-Length: %zu"
		"\r\n\r\n", xd_room_id(ada.room), t, sizeof(bytes)), 0);
	ck_assert(web_until(something_aside, NULL));
	ck_status(ada.b, put(&ada, t, bytes, sizeof(bytes), "a.bin"), 201);
	ck_assert_int_eq(rawtls_write(r, bytes, sizeof(bytes)), 0);
	ck_assert_uint_eq(rawtls_status(r), 507);
	ck_assert_int_eq(web_files(xd_room_id(ada.room)), 1);
	ck_assert_int_eq(web_files("new"), 0);
	web_setting("RoomFileQuotaKB", NULL);
	mem_deref(r);
	mem_deref(t);
}
END_TEST


/* --------------------------------------------------------------- compliance */

static int64_t told(int kind, const char *file)
{
	char sql[256];

	(void)re_snprintf(sql, sizeof(sql), "SELECT count(*) FROM outbox o "
		"JOIN principal p ON p.principal_id = o.author_id WHERE "
		"o.kind = %d AND o.body ->> 'file' = $1 AND p.name = "
		"'sip:ada@example.net' AND o.body ->> 'name' = 'plan.txt' "
		"AND o.body ->> 'size' = '4'", kind);

	return number(sql, file);
}


START_TEST(compliance_learns_who_brought_and_who_took)
{
	static const char *const partv[] = {
		"0-1", "2-3", "00-", "-999999", "1-", "0-",
	};
	size_t i;
	struct person ada;
	char file[64], *t;

	enter(&ada, 0, "ada", "Told");
	web_sql("SELECT compliance_enable(true)", NULL);
	put_text(&ada, "text", "", file);
	ck_assert_int_eq(told(4, file), 1);
	ck_assert_int_eq(told(3, file), 0);

	/* whatever part of it is taken */
	t = token(&ada, "getfdtok");
	for (i = 0; i < ARRAY_SIZE(partv); i++) {
		browser_with(ada.b, "Range: bytes=%s", partv[i]);
		ck_status(ada.b, get(&ada, t, file), 206);
		ck_assert_int_eq(told(3, file), (int)i + 1);
	}
	ck_status(ada.b, soap(&ada, "DownloadChunk", t, "<reposFileName>%s"
		"</reposFileName><offset>0</offset><bufferSize>9</bufferSize>",
		file), 200);
	ck_assert_int_eq(told(3, file), ARRAY_SIZE(partv) + 1);
	web_sql("SELECT compliance_enable(false)", NULL);
	web_sql("DELETE FROM outbox RETURNING 1", NULL);
	mem_deref(t);
}
END_TEST


/* ----------------------------------------------------------------- clean-up */

/* The bytes are gone, and what the store knew of them */
static bool gone(void *arg)
{
	const char *file = arg;
	char id[37];

	(void)re_snprintf(id, sizeof(id), "%b", file, (size_t)36);

	return !number("SELECT count(*) FROM file WHERE file_id = "
			   "$1::uuid", id);
}


static void make_old(void)
{
	web_sql("UPDATE file SET uploaded_on = uploaded_on - "
		"interval '2 days', purged_on = purged_on - "
		"interval '2 days' RETURNING 1", NULL);
}


static bool marked(void *arg)
{
	char id[37];

	(void)re_snprintf(id, sizeof(id), "%b", (const char *)arg,
			  (size_t)36);

	return number("SELECT count(*) FROM file WHERE file_id = "
			  "$1::uuid AND purged_on IS NOT NULL", id);
}


static void ck_gone(const struct person *p, char *file, int left)
{
	make_old();
	ck_assert(web_until(gone, file));
	ck_assert_int_eq(web_files(xd_room_id(p->room)), left);
}


START_TEST(a_file_goes_with_its_message)
{
	struct person ada;
	char file[2][64];

	enter(&ada, 0, "ada", "Purged");
	put_text(&ada, "one", "", file[0]);
	put_text(&ada, "two", "", file[1]);
	web_sql("SELECT message_drop(r.room_id, ARRAY[1], "
		"'{\"action\": \"remove\"}') FROM room r WHERE r.guid = "
		"$1::uuid", xd_room_id(ada.room));
	ck_status(ada.b, get_text(&ada, file[0]), 404);
	ck_status(ada.b, get_text(&ada, file[1]), 200);
	ck_gone(&ada, file[0], 1);
	ck_status(ada.b, get_text(&ada, file[1]), 200);
}
END_TEST


START_TEST(files_go_with_their_room)
{
	struct person ada;
	struct browser *root;
	char file[64];

	enter(&ada, 0, "ada", "Doomed");
	put_text(&ada, "one", "", file);
	ck_browser(root, pool, 0, "root");
	ck_status(root, browser_get(root, "/api/v1/rooms/%s",
				    xd_room_id(ada.room)), 200);
	browser_with(root, "If-Match: %s", browser_head(root, "ETag"));
	ck_status(root, browser_send(root, "DELETE", "", "/api/v1/rooms/%s",
				     xd_room_id(ada.room)), 204);
	ck_assert(web_until(marked, file));
	ck_gone(&ada, file, 0);
}
END_TEST


START_TEST(a_hold_keeps_files)
{
	struct person ada;
	char file[2][64];

	enter(&ada, 0, "ada", "Held");
	put_text(&ada, "one", "?post=false", file[0]);
	web_sql("INSERT INTO hold (room_id, name, set_by) SELECT "
		"room_id, 'court', 'me' FROM room WHERE guid = $1::uuid RETURNING 1",
		xd_room_id(ada.room));
	mem_deref(ada.room);
	ck_room(ada.room, pool, "Other");
	ck_assert_uint_eq(chat_join(ada.c, ada.room, NULL), 200);
	put_text(&ada, "two", "?post=false", file[1]);
	ck_gone(&ada, file[1], 0);
	ck_assert(!gone(file[0]));
}
END_TEST


START_TEST(a_file_waits_for_the_archive)
{
	struct person ada;
	char file[2][64];

	enter(&ada, 0, "ada", "Archived");
	put_text(&ada, "one", "?post=false", file[0]);
	make_old();
	web_sql("SELECT compliance_enable(true)", NULL);
	put_text(&ada, "two", "?post=false", file[1]);
	web_sql("SELECT compliance_enable(false)", NULL);
	web_sql("UPDATE outbox SET ts = ts - interval '2 days' "
		"RETURNING 1", NULL);
	ck_gone(&ada, file[0], 1);
	ck_assert(!gone(file[1]));
	web_sql("DELETE FROM outbox RETURNING 1", NULL);
	ck_gone(&ada, file[1], 0);
}
END_TEST


START_TEST(what_nobody_linked_goes_what_a_client_linked_stays)
{
	struct person ada;
	char file[2][64], link[256];

	enter(&ada, 0, "ada", "Orphan");
	put_text(&ada, "kept", "?post=false", file[0]);
	put_text(&ada, "lost", "?post=false", file[1]);
	(void)re_snprintf(link, sizeof(link), "ma-filelink://example.net/%s/"
			  "%s?name=plan.txt", xd_room_id(ada.room), file[0]);
	ck_assert(chat_say(ada.c, ada.room, link));
	ck_gone(&ada, file[1], 1);
	ck_status(ada.b, get_text(&ada, file[0]), 200);
	ck_status(ada.b, get_text(&ada, file[1]), 404);
}
END_TEST


START_TEST(a_room_without_history_keeps_no_files)
{
	struct person ada;
	char file[64];

	enter(&ada, 0, "ada", "Mute one");
	put_text(&ada, "said", "", file);
	ck_status(ada.b, get_text(&ada, file), 200);
	ck_gone(&ada, file, 0);
}
END_TEST


START_TEST(a_process_killed_in_an_upload_leaves_nothing)
{
	struct rawtls *r;
	struct person ada;
	char *t;

	enter(&ada, 0, "ada", "Half");
	t = token(&ada, "getfutok");
	ck_assert(web_until(nothing_aside, NULL));
	ck_assert_int_eq(rawtls_open(&r, pool, 1), 0);
	ck_assert_int_eq(rawtls_printf(r, "PUT /files/%s/x.bin HTTP/1.1\r\n"
		"Host: h\r\nAuthorization: Bearer %s\r\nContent-Length: 100000"
		"\r\n\r\nthe beginning", xd_room_id(ada.room), t), 0);
	ck_assert(web_until(something_aside, NULL));
	ck_assert_int_eq(pool_kill9(pool, "web-2"), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM file f JOIN "
		"room r USING (room_id) WHERE r.guid = $1::uuid",
		xd_room_id(ada.room)), 0);

	/* the other one clears up */
	ck_assert(web_until(nothing_aside, NULL));
	ck_assert_int_le(web_files(xd_room_id(ada.room)), 0);
	ck_assert_int_eq(pool_start(pool, "web-2"), 0);
	mem_deref(t);
}
END_TEST


/* In place, but the process died before the store had it */
START_TEST(a_file_that_the_store_never_got_goes)
{
	static const char id[] = "0c8f1a5e-6a0f-4d6b-9b52-3f0f6d6c7b11";
	char path[2][512], *room;

	ck_room(room, pool, "Half");
	(void)re_snprintf(path[0], sizeof(path[0]), "%s/files/%s",
			  pool_dir(pool), xd_room_id(room));
	(void)mkdir(path[0], 0700);
	(void)re_snprintf(path[0], sizeof(path[0]), "%s/files/new/%s~%s.txt",
			  pool_dir(pool), xd_room_id(room), id);
	(void)re_snprintf(path[1], sizeof(path[1]), "%s/files/%s/%s.txt",
			  pool_dir(pool), xd_room_id(room), id);
	ck_assert_int_eq(fclose(fopen(path[0], "w")), 0);
	ck_assert_int_eq(link(path[0], path[1]), 0);
	ck_assert(web_until(nothing_aside, NULL));
	ck_assert_int_eq(web_files(xd_room_id(room)), 0);
}
END_TEST


static Suite *web_files_suite(void)
{
	Suite *suite = suite_create("web_files");
	TCase *tc = tcase_create("web_files");

	tcase_add_unchecked_fixture(tc, up, down);
	tcase_set_timeout(tc, 180);
	tcase_add_test(tc, a_file_comes_to_the_room_and_is_taken_by_another);
	tcase_add_test(tc, parts_of_a_file);
	tcase_add_test(tc, rights_count_at_every_use);
	tcase_add_test(tc, who_is_not_inside_gets_no_token);
	tcase_add_test(tc, the_client_of_skype_for_business_brings_and_takes);
	tcase_add_test(tc, soap_refusals_are_500_with_a_fault);
	tcase_add_test(tc, kinds_of_files);
	tcase_add_test(tc, a_file_has_a_largest_size);
	tcase_add_test(tc, a_room_has_room_for_so_much);
	tcase_add_test(tc, a_room_that_fills_during_an_upload);
	tcase_add_test(tc, compliance_learns_who_brought_and_who_took);
	tcase_add_test(tc, a_file_goes_with_its_message);
	tcase_add_test(tc, files_go_with_their_room);
	tcase_add_test(tc, a_hold_keeps_files);
	tcase_add_test(tc, a_file_waits_for_the_archive);
	tcase_add_test(tc,
		       what_nobody_linked_goes_what_a_client_linked_stays);
	tcase_add_test(tc, a_room_without_history_keeps_no_files);
	tcase_add_test(tc, a_process_killed_in_an_upload_leaves_nothing);
	tcase_add_test(tc, a_file_that_the_store_never_got_goes);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(web_files_suite)
