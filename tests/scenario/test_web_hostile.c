/**
 * @file tests/scenario/test_web_hostile.c  People who mean no good at the web
 *                                          service
 *
 * Whatever they do, the process goes on and serves others; heads and bodies
 * have short limits here.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "tests/scenario/web.h"
#include "tests/support/rawtls.h"
#include "tests/unit/suite.h"

#define SOAP "/PersistentChat/MGCWebService.asmx"

enum { IDLE = 1000, BIG = 8 * 1024 * 1024, DRIP_MS = 200, CUT_MS = 60000 };

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "," USER("root") "],"
	"\"categories\":[" MAIN "],"
	"\"rooms\":[" ROOM("Lobby") "," ROOM("Other") "," ROOM("Tricks") "]}";

static pid_t pid;                      /* of the process that is tormented  */


static void up(void)
{
	static const char *const setv[] = {
		"webfiles.http.head_s=2", "webfiles.http.idle_s=20",
		"webfiles.http.rate_min_bytes=4096",
		"webfiles.files.clean_s=1",
		"webfiles.http.connections_per_address=0", NULL,
	};

	web_up(data, setv);
	pid = pool_web(pool, 0)->pid;
}


/* The process that there was serves what it is asked */
static void ck_fine(void)
{
	struct browser *b;

	ck_assert_int_eq(kill(pid, 0), 0);
	ck_assert_int_eq(browser_open(&b, pool, 0), 0);
	ck_status(b, browser_get(b, "/healthz"), 200);
	mem_deref(b);
}


/* A token for ada: direction 1 up, 2 down */
static char *token(const char *room, int direction)
{
	char sql[256], *t;

	(void)re_snprintf(sql, sizeof(sql), "SELECT t.token FROM principal p, "
		"room r, file_token_make(p.principal_id, r.guid, %d, 'f', 1000) t "
		"WHERE p.name = 'sip:ada@example.net' AND r.name = $1",
		direction);
	t = pool_sql(pool, sql, room);
	ck_assert_ptr_nonnull(t);

	return t;
}


static unsigned put(struct browser *b, const char *t, const char *room,
		    const char *name, const void *p, size_t len)
{
	browser_with(b, "Authorization: Bearer %s", t);

	return browser_put(b, "PUT", "", p, len, false, "/files/%s/%s",
			   xd_room_id(room), name);
}


static unsigned get(struct browser *b, const char *t, const char *room,
		    const char *name)
{
	browser_with(b, "Authorization: Bearer %s", t);

	return browser_get(b, "/files/%s/%s", xd_room_id(room), name);
}


/* --------------------------------------------------------------- the tokens */

START_TEST(a_token_is_good_for_one_thing)
{
	char *lobby, *other, *up1, *down1, file[64], nothing[64];
	struct browser *b;

	ck_room(lobby, pool, "Lobby");
	ck_room(other, pool, "Other");
	up1 = token("Lobby", 1);
	down1 = token("Lobby", 2);
	ck_assert_int_eq(browser_open(&b, pool, 0), 0);
	ck_status(b, put(b, up1, lobby, "a.txt", "x", 1), 201);
	str_ncpy(file, browser_member(b, "file"), sizeof(file));
	ck_status(b, get(b, down1, lobby, file), 200);

	/* of another room, of another direction, of nobody */
	ck_status(b, put(b, up1, other, "a.txt", "x", 1), 403);
	ck_status(b, get(b, down1, other, file), 403);
	ck_status(b, put(b, down1, lobby, "a.txt", "x", 1), 403);
	ck_status(b, get(b, up1, lobby, file), 403);
	ck_status(b, get(b, "7f4a9d6e-5a40-4a43-9d87-5fd9a4f9ac11", lobby,
			 file), 403);
	ck_status(b, get(b, "' OR true --", lobby, file), 403);
	ck_status(b, browser_get(b, "/files/%s/%s", xd_room_id(lobby), file),
		  401);

	/* a file of this room is not one of that */
	mem_deref(down1);
	down1 = token("Other", 2);
	ck_status(b, get(b, down1, other, file), 404);
	(void)re_snprintf(nothing, sizeof(nothing), "%b.exe", file, (size_t)36);
	mem_deref(down1);
	down1 = token("Lobby", 2);
	ck_status(b, get(b, down1, lobby, nothing), 404);

	/* nor does it last */
	web_sql("UPDATE file_token SET expires_on = now() RETURNING 1",
		NULL);
	ck_status(b, get(b, down1, lobby, file), 403);
	ck_status(b, put(b, up1, lobby, "a.txt", "x", 1), 403);
	mem_deref(down1);
	mem_deref(up1);
	mem_deref(other);
	mem_deref(lobby);
}
END_TEST


/* ---------------------------------------------------------------- the names */

static const char *const pathv[] = {
	"/files/../../../../etc/passwd", "/files/%s/../../../etc/passwd",
	"/files/%s/..%%2f..%%2fetc%%2fpasswd", "/files/%s/%%2e%%2e",
	"/files/%s/%%2e%%2e/x", "/files/../new/x", "/files/new/x",
	"/files/%s/passwd", "/files/%s/%%00", "/files/%s/x%%00.txt",
	"/files/%s/C:\\boot.ini", "/files/%s/.", "/files/%s//etc/passwd",
	"/files//%s/x", "/files/%s/%%c0%%ae%%c0%%ae", "/files/%s/%%ff%%fe",
	"/pages/../main.c", "/pages/%%2e%%2e/http.c", "/pages/..%%2fapp.js",
	"/pages/app.js%%00.png", "/api/v1/rooms/%s/files/..%%2f..%%2fx",
	"/api/v1/rooms/..", "/%%s%%s%%s%%n", "/\xc3\x28", "//",
};

START_TEST(tricks_in_paths)
{
	char *room, *t = token("Tricks", 2);
	struct browser *b;

	ck_room(room, pool, "Tricks");
	ck_browser(b, pool, 0, "ada");
	browser_with(b, "Authorization: Bearer %s", t);
	ck_assert_uint_ge(browser_get(b, pathv[_i], xd_room_id(room)), 400);
	ck_assert_ptr_null(strstr(browser_text(b), "root:"));
	ck_fine();
	mem_deref(t);
	mem_deref(room);
}
END_TEST


static const char *const namev[] = {
	"..%5c..%5cboot.txt", "a%0d%0aX-Evil:%201.txt", "%22;evil=%22.txt",
	"%3Cscript%3E.txt", "con.txt", "%e2%80%ae.txt", "%f0%9f%98%80.txt",
	"%2e%2e.txt", ".htaccess.txt", "a%00.txt", "a%2fb.txt", "%ff.txt",
	"x%7f.txt",
};

/* Taken or not: where it lies is ours to say, and no header is his */
START_TEST(tricks_in_names)
{
	char *room, *u = token("Tricks", 1), *d = token("Tricks", 2);
	char file[64];
	struct browser *b;
	unsigned status;

	ck_room(room, pool, "Tricks");
	ck_assert_int_eq(browser_open(&b, pool, 0), 0);
	status = put(b, u, room, namev[_i], "x", 1);
	if (status == 201) {
		const char *how;

		str_ncpy(file, browser_member(b, "file"), sizeof(file));
		ck_assert_uint_eq(strspn(file, "0123456789abcdef-"), 36);
		ck_assert_str_eq(file + 36, ".txt");
		ck_status(b, get(b, d, room, file), 200);
		ck_assert_ptr_null(browser_head(b, "X-Evil"));
		how = browser_head(b, "Content-Disposition");
		ck_assert_int_eq(strncmp(how, "attachment; filename*=UTF-8''",
					 29), 0);
		ck_assert_uint_eq(strcspn(how + 29, " ;\"<>\\/"),
				  strlen(how + 29));
	}
	else {
		ck_assert_msg(status == 400 || status == 404, "%u", status);
	}
	ck_fine();
	mem_deref(u);
	mem_deref(d);
	mem_deref(room);
}
END_TEST


/* ------------------------------------------------------- heads and messages */

/* Sent as they are, then what would be a request of its own if the first one
   were understood in another way */
static const char *const smugglev[] = {
	"POST /api/v1/session HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n"
	"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"POST /api/v1/session HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
	"chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
	"POST /api/v1/session HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n"
	"Content-Length: 44\r\n\r\n",
	"POST /api/v1/session HTTP/1.1\r\nHost: h\r\nContent-Length: 0, 44"
	"\r\n\r\n",
	"POST /api/v1/session HTTP/1.1\r\nHost: h\r\nContent-Length: +0"
	"\r\n\r\n",
	"POST /api/v1/session HTTP/1.1\r\nHost: h\r\nContent-Length: 0x0"
	"\r\n\r\n",
	"POST /api/v1/session HTTP/1.1\r\nHost: h\r\nContent-Length: -1"
	"\r\n\r\n",
	"POST /api/v1/session HTTP/1.1\r\nHost: h\r\nContent-Length: "
	"99999999999999999999999\r\n\r\n",
	"POST /api/v1/session HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
	"xchunked\r\n\r\n0\r\n\r\n",
	"POST /api/v1/session HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
	"chunked, identity\r\n\r\n0\r\n\r\n",
	"POST /api/v1/session HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
	"identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"POST /api/v1/session HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : "
	"chunked\r\nContent-Length: 0\r\n\r\n",
	"POST /api/v1/session HTTP/1.1\r\nHost: h\r\nContent-Length : 44\r\n"
	"\r\n",
	"POST /api/v1/session HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
	"chunked\r\n\r\nfffffffffffffffff0\r\n\r\n",
	"POST /api/v1/session HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
	"chunked\r\n\r\n-1\r\n\r\n",
	"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
	"GET /healthz HTTP/1.1\r\n\r\n",
	"GET /healthz\r\n\r\n",
	"GET /healthz HTTP/9.9\r\nHost: h\r\n\r\n",
	"\x16\x03\x01\x02\x01\x01\x01\xfc\x03\x03garbage\r\n\r\n",
};

START_TEST(a_request_that_can_be_read_in_two_ways)
{
	struct rawtls *r;
	unsigned first;

	ck_assert_int_eq(rawtls_open(&r, pool, 0), 0);
	ck_assert_int_eq(rawtls_printf(r, "%sGET /healthz HTTP/1.1\r\n"
				       "Host: h\r\n\r\n", smugglev[_i]), 0);
	first = rawtls_status(r);
	ck_assert_msg(!first || first >= 400, "%u", first);
	ck_assert_uint_eq(rawtls_status(r), 0);
	ck_fine();
	mem_deref(r);
}
END_TEST


START_TEST(heads_that_never_end)
{
	static const char *const beginv[] = {
		"GET /healthz HTTP/1.1\r\nHost: h\r\n", "GET /", "",
		"GET /healthz?", "GET /healthz HTTP/1.1\r\nCookie: ",
	};
	static const char *const piecev[] = {
		"X-A: b\r\n", "a", "A", "a=b&", "a=b; ",
	};
	struct rawtls *r;
	unsigned status;
	size_t i;

	ck_assert_int_eq(rawtls_open(&r, pool, 0), 0);
	ck_assert_int_eq(rawtls_printf(r, "%s", beginv[_i]), 0);
	for (i = 0; i < 2000000; i++) {
		if (rawtls_printf(r, "%s", piecev[_i]))
			break;
		if (!(i % 1000) && rawtls_came(r))
			break;
	}
	ck_assert_uint_lt(i, 2000000);
	status = rawtls_status(r);
	ck_assert_msg(!status || (status >= 400 && status < 500), "%u",
		      status);
	ck_fine();
	mem_deref(r);
}
END_TEST


static const char *const jsonv[] = {
	"{", "}", "nul", "{\"text\":}", "{\"text\":\"\xff\xfe\"}",
	"{\"text\":\"\xed\xa0\x80\"}", "{\"text\":\"\\ud800\"}",
	"{\"text\":\"a\\u0000b\"}", "{\"text\":\"x\",\"text\":\"y\"}",
	"{\"text\":1e999}", "[[[[[[[[[[[[[[[[[[[[[[", "\"text\"",
	"{\"text\":\"x\"} {}", "{\"text\":{\"a\":1}}",
	"{\"alert\":true}",
};

START_TEST(bodies_that_are_no_json)
{
	struct browser *b;
	char *room;

	ck_room(room, pool, "Tricks");
	ck_browser(b, pool, 0, "ada");
	ck_status(b, browser_send(b, "POST", jsonv[_i], "/api/v1/rooms/%s/"
				  "messages", xd_room_id(room)), 400);
	ck_assert_str_ne(browser_member(b, "detail"), "");
	mem_deref(room);
}
END_TEST


START_TEST(a_body_that_is_too_deep_or_too_large)
{
	const size_t size = 3 * 1024 * 1024;
	struct browser *b;
	char *text = mem_alloc(size + 1, NULL);

	ck_assert_ptr_nonnull(text);
	memset(text, '[', size);
	text[size] = '\0';
	ck_browser(b, pool, 0, "ada");
	ck_status(b, browser_put(b, "POST", "application/json", text, size,
				 false, "/api/v1/rooms"), 413);
	ck_status(b, browser_put(b, "POST", "application/json", text, size,
				 true, "/api/v1/rooms"), 413);
	ck_status(b, browser_put(b, "POST", "application/json", text, 1000000,
				 false, "/api/v1/rooms"), 400);
	ck_fine();
	mem_deref(text);
}
END_TEST


static const char *const queryv[] = {
	"q=%ff%fe", "q=%00", "q=%", "q=%zz", "q=a&from=%00", "q=a&room=%ff",
	"q=a&limit=99999999999999999999", "q=a&limit=-1", "q=a&author=%c0%80",
	"q=%ed%a0%80",
};

START_TEST(queries_that_are_no_text)
{
	struct browser *b;

	ck_browser(b, pool, 0, "ada");
	ck_status(b, browser_get(b, "/api/v1/search?%s", queryv[_i]), 400);
	ck_fine();
}
END_TEST


START_TEST(heads_that_are_no_text)
{
	struct browser *b;
	char *room;

	ck_room(room, pool, "Tricks");
	ck_assert_int_eq(browser_open(&b, pool, 0), 0);
	browser_with(b, "User-Agent: \xff\xfe\xed\xa0\x80");
	ck_status(b, browser_signin(b, "ada"), 201);
	browser_with(b, "If-Match: \"\xff\"");
	ck_status(b, browser_send(b, "PATCH", "{}", "/api/v1/rooms/%s",
				  xd_room_id(room)), 428);
	browser_with(b, "If-Match: \"' OR true --\"");
	ck_status(b, browser_send(b, "PATCH", "{}", "/api/v1/rooms/%s",
				  xd_room_id(room)), 403);
	mem_deref(b);
	ck_assert_int_eq(browser_open(&b, pool, 0), 0);
	browser_cookie(b, "__Host-pchat=\xff; __Host-pchat=x; ====;;");
	ck_status(b, browser_get(b, "/api/v1/session"), 401);
	mem_deref(room);
}
END_TEST


#define ENVELOPE(x) "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/" \
	"envelope/\"><s:Body>" x "</s:Body></s:Envelope>"

static const char *const xmlv[] = {
	"", "<", "<a/>", "not xml", "\xff\xfe<a/>",
	"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"
	ENVELOPE("<GetFileSize><token>&x;</token></GetFileSize>"),
	"<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;"
	"&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d "
	"\"&c;&c;&c;&c;&c;&c;&c;&c;\">]>"
	ENVELOPE("<GetMaxFileSizeInKB>&d;</GetMaxFileSizeInKB>"),
	"<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/a.dtd\">"
	ENVELOPE("<GetMaxFileSizeInKB/>"),
	ENVELOPE(""), ENVELOPE("<!-- -->"),
	ENVELOPE("<AppendChunk><token><token/></token></AppendChunk>"),
	ENVELOPE("<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a></a>"
		 "</a></a></a></a></a></a></a></a></a></a></a></a></a></a>"
		 "</a></a></a>"),
};

START_TEST(soap_that_is_none)
{
	struct browser *b;

	ck_assert_int_eq(browser_open(&b, pool, 0), 0);
	ck_status(b, browser_put(b, "POST", "text/xml", xmlv[_i],
				 strlen(xmlv[_i]), false, SOAP), 500);
	ck_assert_ptr_nonnull(strstr(browser_text(b), "<s:Fault>"));
	ck_assert_ptr_null(strstr(browser_text(b), "root:"));
	ck_fine();
}
END_TEST


/* -------------------------------------------------------- slow, many, gone */

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


/* A byte now and then until it is closed; others are served meanwhile */
static void ck_cut(struct rawtls *r)
{
	unsigned ms;

	for (ms = 0; ms < CUT_MS; ms += DRIP_MS) {
		ck_fine();
		if (rawtls_closed(r, DRIP_MS) || rawtls_write(r, "x", 1))
			return;
	}
	ck_abort_msg("it was not cut");
}


START_TEST(a_head_byte_by_byte_is_cut)
{
	struct rawtls *r;

	ck_assert_int_eq(rawtls_open(&r, pool, 0), 0);
	ck_assert_int_eq(rawtls_printf(r, "GET /healthz HTTP/1.1\r\nHost: "),
			 0);
	ck_cut(r);
	mem_deref(r);
}
END_TEST


START_TEST(a_body_byte_by_byte_is_cut)
{
	char *room, *t = token("Tricks", 1);
	struct rawtls *r;

	ck_room(room, pool, "Tricks");
	ck_assert_int_eq(rawtls_open(&r, pool, 0), 0);
	ck_assert_int_eq(rawtls_printf(r, "PUT /files/%s/x.txt HTTP/1.1\r\n"
		"Host: h\r\nAuthorization: Bearer %s\r\nContent-Length: 100000"
		"\r\n\r\n", xd_room_id(room), t), 0);
	ck_assert(web_until(something_aside, NULL));
	ck_cut(r);
	ck_assert(web_until(nothing_aside, NULL));
	mem_deref(r);
	mem_deref(t);
	mem_deref(room);
}
END_TEST


START_TEST(a_client_that_goes_in_the_middle_of_an_upload)
{
	static char piece[100000];
	char *room, *t = token("Tricks", 1);
	struct rawtls *r;
	int before;

	ck_room(room, pool, "Tricks");
	before = web_files(xd_room_id(room));
	ck_assert_int_eq(rawtls_open(&r, pool, 0), 0);
	ck_assert_int_eq(rawtls_printf(r, "PUT /files/%s/x.txt HTTP/1.1\r\n"
		"Host: h\r\nAuthorization: Bearer %s\r\nTransfer-Encoding: "
		"chunked\r\n\r\n%zx\r\n", xd_room_id(room), t,
		sizeof(piece)), 0);
	ck_assert_int_eq(rawtls_write(r, piece, sizeof(piece)), 0);
	ck_assert(web_until(something_aside, NULL));
	mem_deref(r);
	ck_assert(web_until(nothing_aside, NULL));
	ck_assert_int_eq(web_files(xd_room_id(room)), before);
	ck_fine();
	mem_deref(t);
	mem_deref(room);
}
END_TEST


/* Descriptors that the process has of regular files in the store */
static bool none_open(void *arg)
{
	char line[128];

	(void)arg;
	(void)re_snprintf(line, sizeof(line), "ls -l /proc/%d/fd | "
			  "grep -q /files/", (int)pid);

	return system(line) != 0;
}


START_TEST(a_client_that_goes_in_the_middle_of_a_download)
{
	char *room, *u = token("Tricks", 1), *d = token("Tricks", 2);
	char *bytes = mem_zalloc(BIG, NULL), file[64];
	struct browser *b;
	struct rawtls *r;

	ck_room(room, pool, "Tricks");
	ck_assert_int_eq(browser_open(&b, pool, 0), 0);
	ck_status(b, put(b, u, room, "big.txt", bytes, BIG), 201);
	str_ncpy(file, browser_member(b, "file"), sizeof(file));

	ck_assert_int_eq(rawtls_open(&r, pool, 0), 0);
	ck_assert_int_eq(rawtls_printf(r, "GET /files/%s/%s HTTP/1.1\r\n"
		"Host: h\r\nAuthorization: Bearer %s\r\n\r\n",
		xd_room_id(room), file, d), 0);
	ck_assert(rawtls_begins(r));
	ck_assert(!none_open(NULL));
	mem_deref(r);
	ck_assert(web_until(none_open, NULL));
	ck_fine();
	mem_deref(bytes);
	mem_deref(u);
	mem_deref(d);
	mem_deref(room);
}
END_TEST


START_TEST(a_thousand_who_say_nothing)
{
	static struct rawtls *rv[IDLE];
	struct browser *b;
	size_t i;

	for (i = 0; i < IDLE; i++)
		ck_assert_int_eq(rawtls_open(&rv[i], pool, 1), 0);
	ck_browser(b, pool, 1, "ada");
	ck_status(b, browser_get(b, "/api/v1/rooms"), 200);
	ck_assert_uint_eq(browser_count(b, "items"), 3);

	/* in time they are closed */
	for (i = 0; i < IDLE; i++) {
		ck_assert(rawtls_closed(rv[i], CUT_MS));
		rv[i] = mem_deref(rv[i]);
	}
}
END_TEST


static Suite *web_hostile_suite(void)
{
	Suite *suite = suite_create("web_hostile");
	TCase *tc = tcase_create("web_hostile");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, a_token_is_good_for_one_thing);
	tcase_add_loop_test(tc, tricks_in_paths, 0, ARRAY_SIZE(pathv));
	tcase_add_loop_test(tc, tricks_in_names, 0, ARRAY_SIZE(namev));
	tcase_add_loop_test(tc, a_request_that_can_be_read_in_two_ways, 0,
			    ARRAY_SIZE(smugglev));
	tcase_add_loop_test(tc, heads_that_never_end, 0, 5);
	tcase_add_loop_test(tc, bodies_that_are_no_json, 0,
			    ARRAY_SIZE(jsonv));
	tcase_add_test(tc, a_body_that_is_too_deep_or_too_large);
	tcase_add_loop_test(tc, queries_that_are_no_text, 0,
			    ARRAY_SIZE(queryv));
	tcase_add_test(tc, heads_that_are_no_text);
	tcase_add_loop_test(tc, soap_that_is_none, 0, ARRAY_SIZE(xmlv));
	tcase_add_test(tc, a_head_byte_by_byte_is_cut);
	tcase_add_test(tc, a_body_byte_by_byte_is_cut);
	tcase_add_test(tc, a_client_that_goes_in_the_middle_of_an_upload);
	tcase_add_test(tc, a_client_that_goes_in_the_middle_of_a_download);
	tcase_add_test(tc, a_thousand_who_say_nothing);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(web_hostile_suite)
