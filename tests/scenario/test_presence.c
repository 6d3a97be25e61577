/**
 * @file tests/scenario/test_presence.c  Followed rooms in the presence
 *                                       document (protocol.md section 8)
 *
 *   ada's desk             instance 1      instance 2     ada's phone
 *     | SERVICE (follow) ----> |               |               |
 *     |   <-- 200 (version 1)  |               |               |
 *     |                        |               | <-- SUBSCRIBE |
 *     |                        |               | 200 (rooms)-> |
 *     |                        |               | <------ bjoin |
 */
#include <stdlib.h>
#include <string.h>
#include "tests/scenario/stage.h"
#include "tests/unit/suite.h"

#define NS "http://schemas.microsoft.com/2006/09/sip/"
#define PUBLISH "application/msrtc-category-publish+xml"

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "," USER("cyd") ","
	USER("dan") "," USER("eve") "," USER("fay") "],"
	"\"categories\":[" MAIN "],"
	"\"rooms\":[" ROOM("One") "," ROOM("Two") "," ROOM("Three") ","
	ROOM("Doomed") "]}";


static void up(void)
{
	stage_up(&(struct pool_opts){ .data = data });
}


/* A request of that user to himself; the answer, to be read at once */
static const char *request(size_t i, const char *method, const char *user,
			   const char *extra, const char *body,
			   uint16_t *statusp)
{
	struct raw *r;

	ck_assert_int_eq(raw_open(&r, pool_inst(pool, i)->sip_tcp), 0);
	(void)raw_write(r, "%s sip:%s@example.net SIP/2.0\r\n"
			"Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK1\r\n"
			"From: <sip:%s@example.net>;tag=1;epid=e\r\n"
			"P-Asserted-Identity: <sip:%s@example.net>\r\n"
			"To: <sip:%s@example.net>\r\nCall-ID: p%s\r\n"
			"CSeq: 1 %s\r\n%sContent-Length: %zu\r\n\r\n%s",
			method, user, user, user, user, user, method, extra,
			strlen(body), body);
	*statusp = raw_status(r, 1, method);

	return raw_answer(r);
}


static const char *publish(size_t i, const char *user, const char *pubs,
			   uint16_t *statusp)
{
	char *body;

	ck_assert_int_eq(re_sdprintf(&body, "<publish xmlns=\"" NS
				     "rich-presence\"><publications uri=\""
				     "sip:%s@example.net\">%s</publications>"
				     "</publish>", user, pubs), 0);

	return request(i, "SERVICE", user, "Content-Type: " PUBLISH "\r\n",
		       body, statusp);
}


static char *setting(unsigned instance, unsigned version, const char *more,
		     const char *url)
{
	char *text;

	ck_assert_int_eq(re_sdprintf(&text, "<publication categoryName=\""
		"roomSetting\" instance=\"%u\" container=\"1\" version=\"%u\" "
		"expireType=\"static\"%s><propertyList xmlns=\"http://schemas."
		"microsoft.com/2010/12/sip/propertyList\"><property name=\""
		"url\" type=\"string\"><value>%s</value></property>"
		"</propertyList></publication>",
		instance, version, more, url), 0);

	return text;
}


static const char *follow(size_t i, const char *user, unsigned instance,
			  unsigned version, const char *url, uint16_t *statusp)
{
	return publish(i, user, setting(instance, version, "", url), statusp);
}


/* What a client of the user finds when it signs in at this instance */
static const char *own(size_t i, const char *user)
{
	uint16_t status;
	const char *answer = request(i, "SUBSCRIBE", user,
		"Event: vnd-microsoft-roaming-self\r\nExpires: 0\r\n"
		"Supported: ms-piggyback-first-notify\r\n"
		"Content-Type: application/vnd-microsoft-roaming-self+xml\r\n",
		"<roamingList xmlns=\"" NS "roaming-self\"><roaming type=\""
		"categories\"/></roamingList>", &status);

	ck_assert_uint_eq(status, 200);

	return answer;
}


static unsigned occurs(const char *text, const char *part)
{
	unsigned n = 0;

	while ((text = strstr(text, part))) {
		++n;
		text += strlen(part);
	}

	return n;
}


START_TEST(followed_rooms_are_joined_from_what_another_instance_knows)
{
	char *one, *two, *both, ids[600] = "";
	const char *p, *answer;
	struct client *phone;
	uint16_t status;
	struct xd *x;
	unsigned n = 0;

	ck_room(one, pool, "One");
	ck_room(two, pool, "Two");
	ck_assert_int_eq(re_sdprintf(&both, "%s%s", setting(1, 0, "", one),
				     setting(2, 0, "", two)), 0);
	answer = publish(0, "ada", both, &status);
	ck_assert_uint_eq(status, 200);
	ck_assert_uint_eq(occurs(answer, "version=\"1\""), 2);

	answer = own(1, "ada");
	ck_assert_ptr_nonnull(raw_header(answer, "ms-piggyback-cseq"));
	for (p = answer; (p = strstr(p, "<value>ma-chan://example.net/"));
	     p += 36) {
		p += strlen("<value>ma-chan://example.net/");
		(void)re_snprintf(ids + strlen(ids), sizeof(ids) - strlen(ids),
				  "<chanid key=\"%u\" domain=\"example.net\" "
				  "value=\"%b\"/>", n++, p, (size_t)36);
	}
	ck_assert_uint_eq(n, 2);

	phone = chat_open(pool, 1, "ada", "phone");
	ck_assert_int_eq(chat_ask(phone, "bjoin", &x, "%s", ids), 0);
	ck_assert_str_eq(xd_str(x, "//resp/@code"), "200");
	ck_assert_uint_eq(xd_count(x, "//data/chanib[@name]"), 2);
	ck_assert(chat_say(phone, two, "here from the phone"));
	mem_deref(x);
}
END_TEST


START_TEST(a_wrong_version_is_told_and_nothing_is_kept_of_the_request)
{
	char *one, *both;
	const char *answer;
	uint16_t status;

	ck_room(one, pool, "One");
	(void)follow(0, "bob", 7, 0, one, &status);
	ck_assert_uint_eq(status, 200);
	(void)follow(0, "bob", 7, 1, one, &status);
	ck_assert_uint_eq(status, 200);

	ck_assert_int_eq(re_sdprintf(&both, "%s%s", setting(8, 0, "", one),
				     setting(7, 1, "", one)), 0);
	answer = publish(1, "bob", both, &status);
	ck_assert_uint_eq(status, 409);
	ck_assert_str_eq(raw_header(answer, "Content-Type"),
			 "application/msrtc-fault+xml");
	ck_assert_ptr_nonnull(strstr(answer, "<Fault><Faultcode>Client.BadCall"
				     ".WrongDelta</Faultcode><details>"
				     "<operation index=\"2\" version=\"1\" "
				     "curVersion=\"2\"/></details></Fault>"));
	answer = own(0, "bob");
	ck_assert_uint_eq(occurs(answer, "<category "), 1);
	ck_assert_ptr_nonnull(strstr(answer, " version=\"2\""));
}
END_TEST


/* The part of a SUBSCRIBE's 200 that a refresh repeats */
static char *to_of(const char *answer)
{
	char *to = raw_header(answer, "To");

	ck_assert_ptr_nonnull(strstr(to, ";tag="));

	return to;
}


static const char *subscribe(struct raw *r, const char *user, unsigned cseq,
			     const char *to, unsigned expires)
{
	(void)raw_write(r, "SUBSCRIBE sip:%s@example.net SIP/2.0\r\n"
			"Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKs%u\r\n"
			"Record-Route: <sip:127.0.0.1:9;lr>\r\n"
			"From: <sip:%s@example.net>;tag=1\r\nTo: %s\r\n"
			"P-Asserted-Identity: <sip:%s@example.net>\r\n"
			"Call-ID: kept\r\nCSeq: %u SUBSCRIBE\r\n"
			"Contact: <sip:%s@127.0.0.1:9;transport=tcp>\r\n"
			"Event: vnd-microsoft-roaming-self\r\n"
			"Expires: %u\r\nContent-Length: 0\r\n\r\n",
			user, cseq, user, to, user, cseq, user, expires);
	ck_assert_uint_eq(raw_status(r, cseq, "SUBSCRIBE"), 200);

	return raw_answer(r);
}


/* The next that comes is a BENOTIFY with this in it */
static void notified(struct raw *r, const char *part)
{
	char *msg;

	ck_assert_int_eq(raw_read(r, RAW_MS, &msg), 0);
	ck_assert_ptr_eq(strstr(msg, "BENOTIFY sip:fay@127.0.0.1:9;transport="
				"tcp SIP/2.0\r\n"), msg);
	ck_assert_str_eq(raw_header(msg, "Route"), "<sip:127.0.0.1:9;lr>");
	ck_assert_str_eq(raw_header(msg, "Event"),
			 "vnd-microsoft-roaming-self");
	ck_assert_ptr_nonnull(strstr(msg, part));
	mem_deref(msg);
}


START_TEST(who_keeps_his_subscription_is_told_of_each_change_once)
{
	char *one, *two, *to, *msg;
	uint16_t status;
	struct raw *r;

	ck_room(one, pool, "One");
	ck_room(two, pool, "Two");
	ck_assert_int_eq(raw_open(&r, pool_inst(pool, 1)->sip_tcp), 0);
	to = to_of(subscribe(r, "fay", 1, "<sip:fay@example.net>", 600));
	ck_assert_str_eq(raw_header(raw_answer(r), "Expires"), "600");
	ck_assert_str_eq(raw_header(raw_answer(r), "Record-Route"),
			 "<sip:127.0.0.1:9;lr>");

	(void)follow(0, "fay", 1, 0, one, &status);
	notified(r, one);
	(void)subscribe(r, "fay", 2, to, 600);
	(void)follow(1, "fay", 2, 0, two, &status);
	notified(r, two);
	(void)publish(0, "fay", setting(1, 1, " expires=\"0\"", one), &status);
	notified(r, two);
	(void)publish(0, "fay", setting(2, 1, " expires=\"0\"", two), &status);
	notified(r, "<category name=\"roomSetting\"/>");

	(void)subscribe(r, "fay", 3, to, 0);
	(void)follow(1, "fay", 3, 0, one, &status);
	ck_assert_uint_eq(status, 200);
	(void)subscribe(r, "fay", 4, to, 600);
	(void)follow(1, "fay", 4, 0, two, &status);
	notified(r, two);
	ck_assert_int_eq(raw_read(r, 1, &msg), ETIMEDOUT);
}
END_TEST


START_TEST(unfollowing_leaves_the_others)
{
	char *one, *two;
	const char *answer;
	uint16_t status;

	ck_room(one, pool, "One");
	ck_room(two, pool, "Two");
	(void)follow(0, "cyd", 1, 0, one, &status);
	(void)follow(1, "cyd", 2, 0, two, &status);
	ck_assert_uint_eq(status, 200);

	answer = publish(1, "cyd", setting(1, 1, " expires=\"0\"", one),
			 &status);
	ck_assert_uint_eq(status, 200);
	ck_assert_uint_eq(occurs(answer, "<category "), 1);
	ck_assert_ptr_nonnull(strstr(answer, two));

	answer = publish(0, "cyd", setting(2, 1, " expires=\"0\"", two),
			 &status);
	ck_assert_uint_eq(status, 200);
	ck_assert_ptr_nonnull(strstr(answer,
				     "<category name=\"roomSetting\"/>"));
	ck_assert_uint_eq(occurs(own(0, "cyd"), "<category "), 0);
}
END_TEST


START_TEST(a_deleted_room_drops_out)
{
	char *doomed, *three;
	uint16_t status;

	ck_room(doomed, pool, "Doomed");
	ck_room(three, pool, "Three");
	(void)follow(0, "dan", 1, 0, doomed, &status);
	(void)follow(0, "dan", 2, 0, three, &status);
	stage_sql("UPDATE room SET deleted_at = now() "
		  "WHERE name = 'Doomed' RETURNING name");

	ck_assert_uint_eq(occurs(own(1, "dan"), "<category "), 1);
	ck_assert_ptr_nonnull(strstr(own(1, "dan"), three));
}
END_TEST


/* As SIPE publishes them */
START_TEST(other_categories_come_back_as_they_were_and_end_with_the_day)
{
	static const char note[] = "<note xmlns=\"" NS "note\"><body type=\""
		"personal\" uri=\"\">Ol\303\241 &amp; &lt;b&gt;</body></note>";
	static const char device[] = "<publication categoryName=\"device\" "
		"instance=\"4100000000\" container=\"2\" version=\"0\" "
		"expireType=\"endpoint\"><device xmlns=\"" NS "device\"/>"
		"</publication>";
	const char *answer;
	char *pubs;
	uint16_t status;

	ck_assert_int_eq(re_sdprintf(&pubs, "<publication categoryName=\""
		"note\" instance=\"0\" container=\"200\" version=\"0\" "
		"expireType=\"static\">%s</publication>%s", note, device), 0);
	(void)publish(0, "eve", pubs, &status);
	ck_assert_uint_eq(status, 200);

	answer = own(1, "eve");
	ck_assert_ptr_nonnull(strstr(answer, note));
	ck_assert_ptr_nonnull(strstr(answer, " instance=\"4100000000\" "));

	mem_deref(pool_sql(pool, "UPDATE presence_category SET expires_on = "
			   "expires_on - interval '1 day' WHERE name = $1 "
			   "RETURNING name", "device"));
	answer = own(1, "eve");
	ck_assert_ptr_nonnull(strstr(answer, note));
	ck_assert_ptr_null(strstr(answer, "device"));

	/* what has ended has no version any more */
	(void)publish(1, "eve", device, &status);
	ck_assert_uint_eq(status, 200);
}
END_TEST


START_TEST(what_cannot_be_kept_is_refused)
{
	static const char other[] = "<publish><publications uri=\""
		"sip:bob@example.net\"/></publish>";
	static const char entity[] = "<!DOCTYPE publish [<!ENTITY e \"x\">]>"
		"<publish><publications uri=\"sip:eve@example.net\"/>"
		"</publish>";
	static const char type[] = "Content-Type: " PUBLISH "\r\n";
	struct mbuf *many = mbuf_alloc(4096);
	uint16_t status;
	unsigned i;

	(void)request(0, "SERVICE", "eve", type, other, &status);
	ck_assert_uint_eq(status, 403);
	(void)request(0, "SERVICE", "eve", type, entity, &status);
	ck_assert_uint_eq(status, 400);
	(void)request(0, "SERVICE", "eve", "Content-Type: application/SOAP+xml"
		  "\r\n", "<x/>", &status);
	ck_assert_uint_eq(status, 415);
	(void)request(0, "SERVICE", "mallory", type, "<publish><publications>"
		  "<publication categoryName=\"a\" instance=\"1\" container="
		  "\"1\" version=\"0\"/></publications></publish>", &status);
	ck_assert_uint_eq(status, 403);

	for (i = 0; i < 101; i++)
		(void)mbuf_write_str(many, setting(i, 0, "", "x"));
	(void)mbuf_write_u8(many, 0);
	(void)publish(0, "eve", (char *)many->buf, &status);
	ck_assert_uint_eq(status, 413);
	ck_assert_uint_eq(occurs(own(0, "eve"), "roomSetting"), 0);
}
END_TEST


static Suite *presence_suite(void)
{
	Suite *suite = suite_create("presence");
	TCase *tc = tcase_create("presence");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc,
		followed_rooms_are_joined_from_what_another_instance_knows);
	tcase_add_test(tc,
		a_wrong_version_is_told_and_nothing_is_kept_of_the_request);
	tcase_add_test(tc,
		who_keeps_his_subscription_is_told_of_each_change_once);
	tcase_add_test(tc, unfollowing_leaves_the_others);
	tcase_add_test(tc, a_deleted_room_drops_out);
	tcase_add_test(tc,
		other_categories_come_back_as_they_were_and_end_with_the_day);
	tcase_add_test(tc, what_cannot_be_kept_is_refused);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(presence_suite)
