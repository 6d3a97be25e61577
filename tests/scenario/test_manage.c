/**
 * @file tests/scenario/test_manage.c  Rooms managed while people are in them
 *
 * Spec: protocol.md 4.13, 4.15-4.19, 5.3 and 6.1, product.md A.2-A.3.  Each
 * change is made on one instance or in the store, and seen on both.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/scenario/stage.h"
#include "tests/unit/suite.h"


#define IN(cat, name, rest) "{\"name\":\"" name "\",\"category\":\"" cat \
	"\"," rest "}"
#define CLOSED(name, members) IN("Main", name, "\"privacy\":\"closed\"," \
	"\"members\":[" members "],\"managers\":[\"sip:ada@example.net\"]")
#define ABC "\"sip:ada@example.net\",\"sip:bob@example.net\"," \
	"\"sip:cleo@example.net\""

static const char data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "," USER("cleo") ","
	USER("dan") "," USER("eve") "," USER("root") ","
	"{\"uri\":\"sip:out@partner.example\",\"enabled\":true}],"
	"\"groups\":[{\"name\":\"crew\",\"members\":["
	"\"sip:cleo@example.net\"]},"
	"{\"name\":\"band\",\"members\":[\"sip:bob@example.net\"]},"
	"{\"name\":\"guests\",\"members\":[\"sip:out@partner.example\"]}],"
	"\"categories\":[{\"name\":\"Main\",\"allowed\":["
	"\"domain:example.net\"],\"creators\":[\"sip:ada@example.net\"]},"
	"{\"name\":\"Wall\",\"allowed\":[\"domain:example.net\"],"
	"\"denied\":[\"sip:cleo@example.net\"],"
	"\"creators\":[\"sip:ada@example.net\"]},"
	"{\"name\":\"Else\",\"allowed\":[\"domain:example.net\"]},"
	"{\"name\":\"Scoped\",\"allowed\":[\"domain:example.net\"]},"
	"{\"name\":\"Bulk\",\"allowed\":[\"domain:example.net\"]},"
	"{\"name\":\"Far\",\"allowed\":[\"domain:partner.example\"]}],"
	"\"rooms\":["
	CLOSED("Lists", ABC ",\"group:crew\"") ","
	CLOSED("Kick", ABC) "," CLOSED("Off", ABC) "," CLOSED("Gone", ABC) ","
	CLOSED("Names", ABC) "," CLOSED("Stale", ABC) "," CLOSED("Move", ABC)
	"," CLOSED("Crew", "\"sip:ada@example.net\",\"group:crew\"") ","
	CLOSED("Eve", ABC ",\"sip:eve@example.net\",\"sip:dan@example.net\"") ","
	CLOSED("Band", "\"sip:ada@example.net\",\"group:band\"") ","
	CLOSED("Raw", ABC) "," CLOSED("Rules", ABC) ","
	IN("Main", "Hidden", "\"privacy\":\"secret\",\"members\":["
	   "\"sip:ada@example.net\"],\"managers\":[\"sip:ada@example.net\"]")
	"," IN("Main", "Stage", "\"privacy\":\"open\",\"type\":\"auditorium\","
	   "\"members\":[\"sip:ada@example.net\"],"
	   "\"managers\":[\"sip:ada@example.net\"],"
	   "\"presenters\":[\"sip:ada@example.net\"]") ","
	IN("Scoped", "Narrow", "\"privacy\":\"open\"")
	"]}";


static void up(void)
{
	stage_up(&(struct pool_opts){ .data = data });
	stage_sql("INSERT INTO configuration (key, value) VALUES "
		  "('Administrators', 'sip:root@example.net') RETURNING 1");
	stage_sql("INSERT INTO addin (name, url) VALUES "
		  "('Board', 'https://board.example.net/') RETURNING 1");
}


static char *category(const char *name)
{
	char *guid = pool_sql(pool, "SELECT guid FROM category WHERE name = $1",
			      name);
	char *uri = NULL;

	(void)re_sdprintf(&uri, "ma-cat://example.net/%s", guid);
	mem_deref(guid);

	return uri;
}


static void both_told(struct client *a, struct client *b, const char *room,
		      const char *user)
{
	ck_assert(chat_notice(a, "part", room, user));
	ck_assert(chat_notice(b, "part", room, user));
}


/* ------------------------------------------------------------------- lists */

START_TEST(lists_of_a_room_are_for_those_inside)
{
	struct client *ada, *dan;
	struct xd *x = NULL;
	char *room;

	ck_room(room, pool, "Lists");
	ck_open(ada, pool, 0, "ada");
	ck_open(dan, pool, 1, "dan");

	ck_assert_uint_eq(ask(ada, &x, "getmembers", "<chanib uri=\"%s\"/>",
			      room), 200);
	ck_assert_uint_eq(xd_count(x, "/xccos/rpl/data/chanib/uib"), 4);
	ck_assert_uint_eq(xd_count(x, "//uib[@uri='sip:bob@example.net']"
				   "[@type='5']"), 1);
	ck_assert_uint_eq(xd_count(x, "//uib[starts-with(@uri,'ma-grp:')]"
				   "[@type='9'][@disp='crew']"), 1);
	x = mem_deref(x);
	ck_assert_uint_eq(ask(dan, NULL, "getmembers", "<chanib uri=\"%s\"/>",
			      room), 403);
	ck_assert_uint_eq(ask(dan, NULL, "getpresenters",
			      "<chanib uri=\"%s\"/>", room), 403);
	/* whom to ask is no secret */
	ck_assert_uint_eq(ask(dan, &x, "getmanagers", "<chanib uri=\"%s\"/>",
			      room), 200);
	ck_assert_uint_eq(xd_count(x, "//chanib/uib"), 1);
	x = mem_deref(x);

	ck_room(room, pool, "Stage");
	ck_assert_uint_eq(ask(dan, &x, "getpresenters", "<chanib uri=\"%s\"/>",
			      room), 200);
	ck_assert_str_eq(xd_str(x, "//chanib/uib/@uri"), SIP("ada"));
	x = mem_deref(x);

	ck_room(room, pool, "Hidden");
	ck_assert_uint_eq(ask(dan, NULL, "getmanagers", "<chanib uri=\"%s\"/>",
			      room), 404);
	ck_assert_uint_eq(ask(dan, NULL, "getperms", "<chanib uri=\"%s\"/>",
			      room), 404);
	ck_assert_uint_eq(ask(dan, NULL, "getmembers", ""), 400);
	ck_assert_uint_eq(ask(dan, NULL, "getmembers",
			      "<chanib uri=\"ma-chan://x/1\"/>"), 404);
	(void)client_close(ada);
	(void)client_close(dan);
}
END_TEST


START_TEST(rights_are_told_to_who_asks)
{
	struct client *ada, *dan;
	struct xd *x = NULL;
	char *room;

	ck_room(room, pool, "Lists");
	ck_open(ada, pool, 0, "ada");
	ck_open(dan, pool, 1, "dan");
	ck_assert_uint_eq(ask(ada, &x, "getperms", "<chanib uri=\"%s\"/>",
			      room), 200);
	ck_assert_int_eq(xd_num(x, "//chanib/aib/@key"),
			 4 + 128 + 256 + 1024 + 2048);
	ck_assert_uint_eq(xd_count(x, "//audit[@updatedon]"), 1);
	x = mem_deref(x);
	ck_assert_uint_eq(ask(dan, &x, "getperms", "<chanib uri=\"%s\"/>",
			      room), 200);
	ck_assert_int_eq(xd_num(x, "//chanib/aib/@key"), 2048);
	mem_deref(x);
	(void)client_close(ada);
	(void)client_close(dan);
}
END_TEST


START_TEST(participants_can_be_asked_for)
{
	struct client *ada, *bob, *dan;
	struct xd *x = NULL;
	char *room;

	ck_room(room, pool, "Lists");
	stage_two(&ada, &bob, "bob", room);
	ck_assert_uint_eq(ask(ada, &x, "getusers", "<chanib uri=\"%s\"/>",
			      room), 200);
	ck_assert_uint_eq(xd_count(x, "/xccos/rpl/data/uib"), 2);
	ck_assert_int_eq(chat_mask(x, SIP("ada")), 12276);
	ck_assert_int_eq(chat_mask(x, SIP("bob")), 3456);
	mem_deref(x);

	ck_open(dan, pool, 1, "dan");
	x = NULL;
	ck_assert_uint_eq(ask(dan, &x, "getusers", "<chanib uri=\"%s\"/>",
			      room), 403);
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/resp"),
			 "ERROR_CANNOT_GET_PARTICIPANT_LIST");
	mem_deref(x);
	(void)client_close(ada);
	(void)client_close(bob);
	(void)client_close(dan);
}
END_TEST


START_TEST(users_categories_and_addins_are_found)
{
	char *main = category("Main"), *far = category("Far");
	struct client *ada, *dan;
	struct xd *x = NULL;
	char *room;

	ck_open(ada, pool, 0, "ada");
	ck_open(dan, pool, 1, "dan");

	ck_assert_uint_eq(ask(ada, &x, "usersrch", "<qib qtype=\"BYNAME\" "
			      "criteria=\"CLE\" maxresults=\"100\"/>"), 200);
	ck_assert_uint_eq(xd_count(x, "/xccos/rpl/data/uib"), 1);
	ck_assert_str_eq(xd_str(x, "//uib/@uri"), SIP("cleo"));
	x = mem_deref(x);
	ck_assert_uint_eq(ask(ada, &x, "usersrch", "<qib criteria=\"\" "
			      "maxresults=\"2\"/>"), 200);
	ck_assert_uint_eq(xd_count(x, "//uib"), 2);
	x = mem_deref(x);

	ck_assert_uint_eq(ask(dan, &x, "getnodes", ""), 200);
	ck_assert_uint_eq(xd_count(x, "//node"), 5);
	ck_assert_uint_eq(xd_count(x, "//node[@name='Main'][@invite='true']"
				   "[@filepost='true'][@logged='true']"
				   "[starts-with(@parent,'ma-cat://')]"), 1);
	x = mem_deref(x);
	ck_assert_uint_eq(ask(dan, &x, "nodespermcreatechild", ""), 200);
	ck_assert_uint_eq(xd_count(x, "/xccos/rpl/data/*"), 0);
	x = mem_deref(x);
	ck_assert_uint_eq(ask(ada, &x, "nodespermcreatechild", ""), 200);
	ck_assert_uint_eq(xd_count(x, "//node"), 2);
	x = mem_deref(x);
	ck_assert_uint_eq(ask(dan, &x, "getaddins", ""), 200);
	ck_assert_str_eq(xd_str(x, "//addin[@name='Board']/@url"),
			 "https://board.example.net/");
	x = mem_deref(x);

	ck_assert_uint_eq(ask(ada, &x, "getscopedprincipals",
			      "<node uri=\"%s\"/><qib criteria=\"\"/>", main),
			  200);
	ck_assert_uint_eq(xd_count(x, "//uib[@uri='sip:bob@example.net']"), 1);
	ck_assert_uint_eq(xd_count(x, "//uib[@disp='crew']"), 1);
	ck_assert_uint_eq(xd_count(x, "//uib[@uri='sip:out@partner.example']"),
			  0);
	ck_assert_uint_eq(xd_count(x, "//uib[@disp='guests']"), 0);
	x = mem_deref(x);
	ck_room(room, pool, "Lists");
	ck_assert_uint_eq(ask(ada, &x, "getscopedprincipals",
			      "<chanib uri=\"%s\"/><qib criteria=\"dan\"/>",
			      room), 200);
	ck_assert_uint_eq(xd_count(x, "//uib"), 1);
	x = mem_deref(x);
	ck_assert_uint_eq(ask(dan, NULL, "getscopedprincipals",
			      "<chanib uri=\"%s\"/>", room), 403);
	ck_assert_uint_eq(ask(ada, NULL, "getscopedprincipals",
			      "<node uri=\"%s\"/>", far), 404);
	(void)client_close(ada);
	(void)client_close(dan);
}
END_TEST


/* -------------------------------------------------- make, change, remove */

START_TEST(a_room_is_made_and_entered_at_once)
{
	char *cat = category("Main");
	struct client *ada, *bob;
	struct xd *x = NULL;
	char *room;

	ck_open(ada, pool, 0, "ada");
	ck_open(bob, pool, 1, "bob");
	ck_assert_uint_eq(ask(ada, &x, "chancreate",
		"<chanib name=\"Fresh\" description=\"new\" parent=\"%s\" "
		"behavior=\"AUDITORIUM\" disabled=\"false\" siopid=\"\">"
		"<info id=\"urn:parlano:ma:info:visibilty\">SCOPED</info>"
		"<prop id=\"urn:parlano:ma:prop:invite\">false</prop>"
		"<members><uib uri=\"sip:Ada@Example.net\"/>"
		"<uib uri=\"group:crew\"/><uib uri=\"sip:bob@example.net\"/>"
		"</members><presenters><uib uri=\"sip:bob@example.net\"/>"
		"</presenters></chanib>", cat), 200);
	ck_assert_str_eq(xd_str(x, "//chanib/@name"), "Fresh");
	ck_assert_str_eq(xd_str(x, "//chanib/@behavior"), "AUDITORIUM");
	ck_assert_str_eq(xd_str(x, "//audit/@createdby"), SIP("ada"));
	ck_assert_uint_eq(xd_count(x, "//prop[@id='urn:parlano:ma:prop:invite']"
				   "[text()='false']"), 1);
	ck_assert_int_eq(str_dup(&room, xd_str(x, "//chanib/@uri")), 0);
	x = mem_deref(x);

	ck_assert_uint_eq(chat_join(ada, room, &x), 200);
	ck_assert_int_eq(chat_mask(x, SIP("ada")), 12276);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	ck_assert(chat_say(bob, room, "first"));
	mem_deref(x);
	(void)client_close(ada);
	(void)client_close(bob);
}
END_TEST


/* Code and text of a room made with these attributes and children */
static void ck_make(struct client *c, const char *cat, const char *name,
		    const char *inside, unsigned code, const char *text)
{
	struct xd *x = NULL;

	ck_assert_uint_eq(ask(c, &x, "chancreate", "<chanib name=\"%s\" "
			      "parent=\"%s\"%s</chanib>", name, cat, inside),
			  code);
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/resp"), text);
	mem_deref(x);
}

#define UIB(uri) "<uib uri=\"" uri "\"/>"

START_TEST(what_breaks_a_rule_is_not_made)
{
	char *main = category("Main"), *wall = category("Wall");
	char *other = category("Else"), *root = NULL, *guid;
	struct client *ada;

	guid = pool_sql(pool, "SELECT root_guid FROM store", NULL);
	(void)re_sdprintf(&root, "ma-cat://example.net/%s", guid);
	ck_open(ada, pool, 0, "ada");

	ck_make(ada, main, "LISTS", ">", 409, "ERROR_DUPLICATE_ROOM_NAME");
	ck_make(ada, main, "wall", ">", 409, "ERROR_DUPLICATE_ROOM_NAME");
	ck_make(ada, main, "", ">", 400, "ERROR_INVALID_ARGUMENT");
	ck_make(ada, main, "N1", " behavior=\"ODD\">", 400,
		"ERROR_INVALID_ARGUMENT");
	ck_make(ada, main, "N1", " siopid=\"00000000-0000-0000-0000-"
		"000000000001\">", 400, "ERROR_INVALID_ARGUMENT");
	ck_make(ada, root, "N1", ">", 422, "ERROR_NODE_HIERARCHY_VIOLATION");
	ck_make(ada, "", "N1", ">", 422, "ERROR_NODE_HIERARCHY_VIOLATION");
	ck_make(ada, "ma-cat://example.net/00000000-0000-0000-0000-"
		"000000000001", "N1", ">", 404, "ERROR_NO_SUCH_NODE");
	ck_make(ada, other, "N1", ">", 403, "ERROR_PERMISSION");
	ck_make(ada, main, "N1", "><members>" UIB("sip:nobody@example.net")
		"</members>", 404, "ERROR_NO_SUCH_PRINCIPAL");
	ck_make(ada, main, "N1", "><members>" UIB("sip:out@partner.example")
		"</members>", 422, "ERROR_PRINCIPALS_NOT_IN_SCOPE");
	ck_make(ada, main, "N1", "><members>" UIB("group:guests")
		"</members>", 422, "ERROR_PRINCIPALS_NOT_IN_SCOPE");
	ck_make(ada, wall, "N1", "><managers>" UIB("sip:cleo@example.net")
		"</managers>", 422, "ERROR_PRINCIPALS_NOT_IN_SCOPE");
	ck_make(ada, main, "N1", " behavior=\"AUDITORIUM\"><presenters>"
		UIB("sip:bob@example.net") "</presenters>", 422,
		"ERROR_PRESENTER_NOT_MEMBER");
	ck_make(ada, main, "N1", "><members>" UIB("sip:bob@example.net")
		"</members><presenters>" UIB("sip:bob@example.net")
		"</presenters>", 422, "ERROR_PRESENTER_NOT_MEMBER");
	/* none of these left anything */
	ck_make(ada, main, "N1", ">", 200, "SUCCESS_OK");
	(void)client_close(ada);
}
END_TEST


/* What nobody can see, or tell from a name that is there */
START_TEST(a_name_can_be_seen_and_told_from_others)
{
	static const char *const badv[] = {
		"a&#9;b", "a\u202eb", "a\u200bb", "\u3000", "\u0301", "a\xc2\x85",
	};
	char *main = category("Main");
	struct client *ada;
	char *room;
	size_t i;

	ck_open(ada, pool, 0, "ada");
	ck_room(room, pool, "Names");
	for (i = 0; i < ARRAY_SIZE(badv); i++) {
		ck_make(ada, main, badv[i], ">", 400,
			"ERROR_INVALID_ARGUMENT");
		ck_assert_uint_eq(ask(ada, NULL, "chanmodify", "<chanib uri="
				      "\"%s\" name=\"%s\"/>", room, badv[i]),
				  400);
	}
	ck_make(ada, main, "\uff2cists", ">", 409, "ERROR_DUPLICATE_ROOM_NAME");
	ck_make(ada, main, "Re\u0301sume\u0301", ">", 200, "SUCCESS_OK");
	ck_make(ada, main, "R\u00e9sum\u00e9", ">", 409,
		"ERROR_DUPLICATE_ROOM_NAME");
	(void)client_close(ada);
}
END_TEST


START_TEST(a_room_is_changed_by_its_managers_and_removed_by_administrators)
{
	struct client *ada, *bob, *dan, *root;
	char *room, *hidden, *when = NULL, *cat = category("Else");
	struct xd *x = NULL;

	ck_room(room, pool, "Stale");
	ck_room(hidden, pool, "Hidden");
	stage_two(&ada, &bob, "bob", room);
	ck_open(dan, pool, 0, "dan");
	ck_open(root, pool, 1, "root");

	ck_assert_uint_eq(ask(bob, NULL, "chanmodify", "<chanib uri=\"%s\" "
			      "name=\"Mine\"/>", room), 403);
	ck_assert_uint_eq(ask(dan, NULL, "chanmodify", "<chanib uri=\"%s\" "
			      "name=\"Mine\"/>", hidden), 404);
	ck_assert_uint_eq(ask(ada, NULL, "chanmodify", "<chanib uri=\"%s\" "
			      "name=\"Lists\"/>", room), 409);
	ck_assert_uint_eq(ask(ada, NULL, "chanmodify", "<chanib uri=\"%s\">"
			      "<managers/></chanib>", room), 400);
	ck_assert_uint_eq(ask(ada, NULL, "chanmodify", "<chanib uri=\"%s\" "
			      "parent=\"%s\"/>", room, cat), 403);
	ck_assert_uint_eq(ask(ada, NULL, "chanmodify", "<chanib uri=\"%s\">"
			      "<members>" UIB("sip:out@partner.example")
			      "</members></chanib>", room), 422);

	ck_assert_uint_eq(ask(ada, &x, "getperms", "<chanib uri=\"%s\"/>",
			      room), 200);
	(void)str_dup(&when, xd_str(x, "//audit/@updatedon"));
	x = mem_deref(x);
	ck_assert_uint_eq(ask(ada, &x, "chanmodify", "<chanib uri=\"%s\" "
			      "description=\"one\"><audit updatedon=\"%s\"/>"
			      "</chanib>", room, when), 200);
	ck_assert_str_eq(xd_str(x, "//chanib/@description"), "one");
	ck_assert_str_eq(xd_str(x, "//chanib/@name"), "Stale");
	x = mem_deref(x);
	ck_assert_uint_eq(ask(ada, &x, "chanmodify", "<chanib uri=\"%s\" "
			      "description=\"two\"><audit updatedon=\"%s\"/>"
			      "</chanib>", room, when), 409);
	ck_assert_str_eq(xd_str(x, "/xccos/rpl/resp"), "ERROR_DATA_COLLISION");
	x = mem_deref(x);
	ck_assert_uint_eq(ask(ada, NULL, "chanmodify", "<chanib uri=\"%s\">"
			      "<audit updatedon=\"nonsense\"/></chanib>",
			      room), 400);

	ck_assert_uint_eq(ask(ada, NULL, "chandelete", "<chanib uri=\"%s\"/>",
			      room), 403);
	ck_assert_uint_eq(ask(dan, NULL, "chandelete", "<chanib uri=\"%s\"/>",
			      hidden), 404);
	ck_assert_uint_eq(ask(root, &x, "chandelete", "<chanib uri=\"%s\"/>",
			      room), 200);
	ck_assert_str_eq(xd_str(x, "//chanib/@uri"), room);
	x = mem_deref(x);
	ck_assert(chat_notice(ada, "part", room, SIP("ada")));
	ck_assert(chat_notice(bob, "part", room, SIP("bob")));
	ck_assert_uint_eq(chat_post(ada, room, "hello?"), 403);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 404);
	ck_assert_uint_eq(ask(root, NULL, "chandelete",
			      "<chanib uri=\"%s\"/>", room), 404);
}
END_TEST


START_TEST(a_move_drops_whom_the_new_scope_does_not_allow)
{
	struct client *ada, *cleo;
	char *room, *cat = category("Wall");
	struct xd *x = NULL;

	ck_room(room, pool, "Move");
	stage_two(&ada, &cleo, "cleo", room);
	ck_assert_uint_eq(ask(ada, &x, "chanmodify", "<chanib uri=\"%s\" "
			      "parent=\"%s\"/>", room, cat), 200);
	ck_assert_str_eq(xd_str(x, "//chanib/@parent"), cat);
	x = mem_deref(x);
	both_told(ada, cleo, room, SIP("cleo"));
	ck_assert_uint_eq(ask(ada, &x, "getmembers", "<chanib uri=\"%s\"/>",
			      room), 200);
	ck_assert_uint_eq(xd_count(x, "//chanib/uib"), 2);
	ck_assert(chat_say(ada, room, "still here"));
	ck_assert_uint_eq(inbox_count(client_inbox(ada), "sip:ada@example.net"
				      "\"/></chanib>"), 0);
}
END_TEST


/* ------------------------------------------------------------ live effects */

START_TEST(who_is_no_member_any_more_is_out_at_once)
{
	struct client *ada, *bob;
	struct xd *x = NULL;
	char *room;

	ck_room(room, pool, "Kick");
	stage_two(&ada, &bob, "bob", room);
	ck_assert_uint_eq(ask(ada, NULL, "chanmodify", "<chanib uri=\"%s\">"
		"<members>" UIB("sip:ada@example.net") "</members></chanib>",
		room), 200);
	both_told(ada, bob, room, SIP("bob"));
	ck_assert_uint_eq(chat_post(bob, room, "me?"), 403);
	ck_assert_uint_eq(chat_history(bob, room, 5, NULL), 403);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 403);
	ck_assert_uint_eq(inbox_count(client_inbox(bob), "ntc:kick"), 0);
	ck_assert(chat_say(ada, room, "alone"));
	ck_assert_uint_eq(inbox_count(client_inbox(bob), "<grpchat "), 0);
	ck_assert_uint_eq(ask(ada, &x, "getusers", "<chanib uri=\"%s\"/>",
			      room), 200);
	ck_assert_uint_eq(xd_count(x, "/xccos/rpl/data/uib"), 1);
	mem_deref(x);

	/* and in again */
	ck_assert_uint_eq(ask(ada, NULL, "chanmodify", "<chanib uri=\"%s\">"
		"<members>" UIB("sip:ada@example.net")
		UIB("sip:bob@example.net") "</members></chanib>", room), 200);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
}
END_TEST


START_TEST(a_disabled_room_is_empty_at_once)
{
	struct client *ada, *bob;
	char *room;

	ck_room(room, pool, "Off");
	stage_two(&ada, &bob, "bob", room);
	ck_assert_uint_eq(ask(ada, NULL, "chanmodify", "<chanib uri=\"%s\" "
			      "disabled=\"true\"/>", room), 200);
	ck_assert(chat_notice(ada, "part", room, SIP("ada")));
	ck_assert(chat_notice(bob, "part", room, SIP("bob")));
	ck_assert_uint_eq(chat_post(bob, room, "me?"), 403);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 410);
	ck_assert_uint_eq(ask(ada, NULL, "chanmodify", "<chanib uri=\"%s\" "
			      "disabled=\"false\"/>", room), 200);
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
}
END_TEST


/* A change in the store, whoever made it */
START_TEST(what_is_changed_in_the_store_takes_effect)
{
	struct client *ada, *bob;
	struct xd *x = NULL;
	char *room;

	ck_room(room, pool, "Raw");
	stage_two(&ada, &bob, "bob", room);
	stage_sql("UPDATE room SET name = 'Rare', description = 'well done', "
		  "privacy = 2 WHERE name = 'Raw' RETURNING 1");
	stage_sql("DELETE FROM room_role x USING room r, principal p "
		  "WHERE r.name = 'Rare' AND x.room_id = r.room_id "
		  "AND p.principal_id = x.principal_id "
		  "AND p.key = 'sip:bob@example.net' RETURNING 1");
	both_told(ada, bob, room, SIP("bob"));
	ck_assert_uint_eq(chat_join(bob, room, NULL), 404);
	ck_assert_uint_eq(chat_join(ada, room, &x), 200);
	ck_assert_uint_eq(inbox_count(client_inbox(ada), "chanmodify"), 0);
	ck_assert_str_eq(xd_str(x, "//chanib/@name"), "Rare");
	ck_assert_str_eq(xd_str(x, "//chanib/@description"), "well done");
	mem_deref(x);

	stage_sql("UPDATE room SET deleted_at = now() WHERE name = 'Rare' "
		  "RETURNING 1");
	ck_assert(chat_notice(ada, "part", room, SIP("ada")));
}
END_TEST


START_TEST(a_narrower_scope_puts_out_whom_it_leaves_outside)
{
	struct client *ada, *dan;
	char *room;

	ck_room(room, pool, "Narrow");
	stage_two(&ada, &dan, "dan", room);
	stage_sql("INSERT INTO category_scope (category_id, principal_id, denied) "
		  "SELECT c.category_id, p.principal_id, true "
		  "FROM category c, principal p WHERE c.name = 'Scoped' "
		  "AND p.key = 'sip:dan@example.net' RETURNING 1");
	both_told(ada, dan, room, SIP("dan"));
	ck_assert_uint_eq(chat_post(dan, room, "me?"), 403);
	ck_assert_uint_eq(chat_history(dan, room, 5, NULL), 403);
	ck_assert(chat_say(ada, room, "still here"));
}
END_TEST


START_TEST(who_leaves_a_group_leaves_its_rooms)
{
	struct client *ada, *cleo;
	char *room;

	ck_room(room, pool, "Crew");
	stage_two(&ada, &cleo, "cleo", room);
	stage_sql("DELETE FROM principal_affiliation a USING principal g "
		  "WHERE g.key = 'group:crew' AND a.ancestor_id = g.principal_id "
		  "AND a.principal_id <> g.principal_id RETURNING 1");
	both_told(ada, cleo, room, SIP("cleo"));
	ck_assert_uint_eq(chat_join(cleo, room, NULL), 403);

	/* and comes back into both */
	stage_sql("INSERT INTO principal_affiliation (principal_id, ancestor_id) "
		  "SELECT p.principal_id, g.principal_id FROM principal p, "
		  "principal g WHERE p.key = 'sip:cleo@example.net' "
		  "AND g.key = 'group:crew' RETURNING 1");
	while (chat_join(cleo, room, NULL) == 403)
		;
	ck_assert(chat_say(cleo, room, "back"));
}
END_TEST


/* He is told, the others are, and his dialog is not known any more: a client
   that hears so comes again and is told why not */
static void ck_barred(const char *user, const char *change)
{
	struct client *ada, *c;
	char *room, uri[64];

	(void)re_snprintf(uri, sizeof(uri), "sip:%s@example.net", user);
	ck_room(room, pool, "Eve");
	stage_two(&ada, &c, user, room);
	stage_sql(change);
	both_told(ada, c, room, uri);
	while (chat_post(c, room, "me?") != 481)
		ck_assert_uint_eq(inbox_count(client_inbox(ada), "me?"), 0);
	ck_assert(client_ended(c));
	ck_assert_ptr_null(chat_open(pool, 0, user, "other"));
	ck_assert_ptr_null(chat_open(pool, 1, user, NULL));
	ck_assert(chat_say(ada, room, "alone"));
	(void)client_close(ada);
}


START_TEST(who_may_not_chat_any_more_is_signed_out)
{
	struct client *eve;
	char *room;

	ck_barred("eve", "UPDATE principal SET policy_id = 3 "
		  "WHERE key = 'sip:eve@example.net' RETURNING 1");

	/* and comes in again, without the rooms of before */
	stage_sql("UPDATE principal SET policy_id = 2 "
		  "WHERE key = 'sip:eve@example.net' RETURNING 1");
	eve = chat_return(pool, 1, "eve", NULL);
	ck_assert_ptr_nonnull(eve);
	ck_room(room, pool, "Eve");
	ck_assert_uint_eq(chat_post(eve, room, "not in"), 403);
	ck_assert_uint_eq(chat_join(eve, room, NULL), 200);
	(void)client_close(eve);
}
END_TEST


START_TEST(who_is_disabled_is_signed_out)
{
	ck_barred("dan", "UPDATE principal SET state = 1 "
		  "WHERE key = 'sip:dan@example.net' RETURNING 1");
}
END_TEST


START_TEST(an_import_takes_effect)
{
	struct client *ada, *bob;
	char *room;

	ck_room(room, pool, "Band");
	stage_two(&ada, &bob, "bob", room);
	scene_import(pool, "{\"groups\":[{\"name\":\"band\","
		     "\"members\":[]}]}");
	both_told(ada, bob, room, SIP("bob"));
	ck_assert_uint_eq(chat_join(bob, room, NULL), 403);

	scene_import(pool, "{\"rooms\":[{\"name\":\"Band\",\"members\":["
		     "\"sip:ada@example.net\",\"sip:bob@example.net\"]}]}");
	ck_assert_uint_eq(chat_join(bob, room, NULL), 200);
	scene_import(pool, "{\"rooms\":[{\"name\":\"Band\","
		     "\"disabled\":true}]}");
	ck_assert(chat_notice(ada, "part", room, SIP("ada")));
	ck_assert(chat_notice(bob, "part", room, SIP("bob")));
}
END_TEST


enum { BULK = 250, HALF = BULK / 2 };

/* Bob into half of the rooms */
static void join_half(struct client *bob, const char *ids)
{
	struct xd *x = NULL;

	ck_assert_int_eq(chat_ask(bob, "bjoin", &x, "%s", ids), 0);
	ck_assert_uint_eq(xd_count(x, "/xccos/rpl/data/chanib"), HALF);
	mem_deref(x);
}


static char *half(const char *sql_order)
{
	char query[512];

	(void)re_snprintf(query, sizeof(query), "SELECT string_agg('<chanid "
		"key=\"0\" domain=\"example.net\" value=\"' || guid || '\"/>', "
		"'') FROM (SELECT guid FROM room WHERE name LIKE 'Bulk %%' "
		"ORDER BY room_id %s LIMIT %u) AS r", sql_order,
		(unsigned)HALF);

	return pool_sql(pool, query, NULL);
}


static bool all_parted(void *arg)
{
	return inbox_count(arg, "ntc:part") == BULK;
}


/* More rooms than one look takes; who posts meanwhile is served */
START_TEST(many_rooms_change_while_people_post)
{
	struct client *ada, *bob;
	unsigned i;
	char *room;

	stage_sql("INSERT INTO room (category_id, name, privacy) "
		  "SELECT c.category_id, 'Bulk ' || i, 0 FROM category c, "
		  "generate_series(1, 250) AS i WHERE c.name = 'Bulk' "
		  "RETURNING 1");
	ck_room(room, pool, "Lists");
	ck_open(ada, pool, 1, "ada");
	ck_assert_uint_eq(chat_join(ada, room, NULL), 200);
	ck_open(bob, pool, 1, "bob");
	join_half(bob, half("ASC"));
	join_half(bob, half("DESC"));
	inbox_flush(client_inbox(bob));

	stage_sql("INSERT INTO category_scope (category_id, principal_id, denied) "
		  "SELECT c.category_id, p.principal_id, true "
		  "FROM category c, principal p WHERE c.name = 'Bulk' "
		  "AND p.key = 'sip:bob@example.net' RETURNING 1");
	for (i = 0; i < 50; i++)
		ck_assert(chat_say(ada, room, "meanwhile"));
	ck_assert_int_eq(wait_for(all_parted, client_inbox(bob), CLIENT_MS),
			 0);
}
END_TEST


static Suite *manage_suite(void)
{
	Suite *suite = suite_create("manage");
	TCase *tc = tcase_create("manage");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, lists_of_a_room_are_for_those_inside);
	tcase_add_test(tc, rights_are_told_to_who_asks);
	tcase_add_test(tc, participants_can_be_asked_for);
	tcase_add_test(tc, users_categories_and_addins_are_found);
	tcase_add_test(tc, a_room_is_made_and_entered_at_once);
	tcase_add_test(tc, what_breaks_a_rule_is_not_made);
	tcase_add_test(tc, a_name_can_be_seen_and_told_from_others);
	tcase_add_test(tc,
	    a_room_is_changed_by_its_managers_and_removed_by_administrators);
	tcase_add_test(tc, a_move_drops_whom_the_new_scope_does_not_allow);
	tcase_add_test(tc, who_is_no_member_any_more_is_out_at_once);
	tcase_add_test(tc, a_disabled_room_is_empty_at_once);
	tcase_add_test(tc, what_is_changed_in_the_store_takes_effect);
	tcase_add_test(tc, a_narrower_scope_puts_out_whom_it_leaves_outside);
	tcase_add_test(tc, who_leaves_a_group_leaves_its_rooms);
	tcase_add_test(tc, an_import_takes_effect);
	tcase_add_test(tc, many_rooms_change_while_people_post);
	tcase_add_test(tc, who_may_not_chat_any_more_is_signed_out);
	tcase_add_test(tc, who_is_disabled_is_signed_out);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(manage_suite)
