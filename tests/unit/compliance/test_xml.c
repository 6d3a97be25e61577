/**
 * @file tests/unit/compliance/test_xml.c  The original's XML, name by name
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/adapter/builtin.h"
#include "tests/unit/compliance/fixture.h"
#include "tests/unit/suite.h"

#define STEM "archive-000000000007-20131105T140000Z-20131105T141500Z"
#define TRADING "0e8f2a0c-3b1f-4a55-9a5e-0c6f6f2f8a01"
#define OFFICE "5d7b44aa-8e0f-4d1c-9f5e-9d9c3c3b7b02"

#define T_START "since1970=\"1383660000000\"" \
	" string=\"2013-11-05T14:00:00.0000000Z\" long=\"635192568000000000\""
#define T_END "since1970=\"1383660900000\"" \
	" string=\"2013-11-05T14:15:00.0000000Z\" long=\"635192577000000000\""
#define T_SAID "since1970=\"1383660120000\"" \
	" string=\"2013-11-05T14:02:00.0000000Z\" long=\"635192569200000000\""
#define ZOE "<Sender UserName=\"Zo\xc3\xab\" id=\"12\"" \
	" email=\"zoe@example.com\" internal=\"true\" uri=\"zoe@example.com\" />"
#define CAKE "Gr\xc3\xbc\xc3\x9f" "e \xf0\x9f\x8d\xb0"


/* Nothing but what is in Message counts below */
static const char *message(unsigned n, const char *what)
{
	char xpath[128];

	(void)re_snprintf(xpath, sizeof(xpath),
			  "string(//Conversation[1]/Messages/Message[%u]/%s)",
			  n, what);

	return fx_xpath(STEM ".xml", xpath);
}


static void deliver(void)
{
	ck_assert_int_eq(fx_deliver(), 0);
	ck_assert_str_eq(fx_error, "");
}


START_TEST(a_conversation_is_the_originals_byte_for_byte)
{
	fx_batch.convv = &fx_convv[1];
	fx_batch.convc = 1;
	fx_must_open(&adapter_xml, "name", "archive", NULL);
	deliver();

	ck_assert_str_eq(fx_read(STEM ".xml"),
"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
"<Conversations xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">\n"
"  <Conversation>\n"
"    <Channel uri=\"ma-chan://example.com/" OFFICE "\""
" name=\"B\xc3\xbcro\" islogged=\"true\" />\n"
"    <FirstMessage type=\"CHAT\" content=\"" CAKE "\" id=\"7\">\n"
"      " ZOE "\n"
"      <DateTimeUTC " T_SAID " />\n"
"    </FirstMessage>\n"
"    <Messages>\n"
"      <Message type=\"CHAT\" content=\"" CAKE "\" id=\"7\">\n"
"        " ZOE "\n"
"        <DateTimeUTC " T_SAID " />\n"
"      </Message>\n"
"    </Messages>\n"
"    <StartTimeUTC " T_START " />\n"
"    <EndTimeUTC " T_END " />\n"
"  </Conversation>\n"
"</Conversations>\n");
	ck_assert(fx_valid(STEM ".xml"));
	ck_assert_uint_eq(fx_files(), 1);
	ck_assert_uint_eq(fx_wrote(), 1);
}
END_TEST


START_TEST(every_type_has_the_content_and_id_of_its_kind)
{
	static const struct {
		const char *type, *content, *id;
	} v[] = {
		{ "JOIN", "", "0" },
		{ "CHAT", "hello <Bob> & \"all\"\nsecond line", "41" },
		{ "CHAT", "hi", "42" },
		{ "BACKCHAT", "{\"command\":\"bccontext\","
		  "\"ids\":[[1,40]]}", "0" },
		{ "FILEUPLOAD", "0988239a-bb66-4616-90a4-b07771a2097c.txt",
		  "0" },
		{ "FILEDOWNLOAD", "0988239a-bb66-4616-90a4-b07771a2097c.txt",
		  "0" },
		{ "PART", "", "0" },
	};

	fx_must_open(&adapter_xml, "name", "archive", NULL);
	deliver();

	for (unsigned i = 0; i < ARRAY_SIZE(v); i++) {
		ck_assert_str_eq(message(i + 1, "@type"), v[i].type);
		ck_assert_str_eq(message(i + 1, "@content"), v[i].content);
		ck_assert_str_eq(message(i + 1, "@id"), v[i].id);
	}

	ck_assert_str_eq(fx_xpath(STEM ".xml",
		"count(//Conversation[1]/Messages/Message)"), "7");
	ck_assert_str_eq(fx_xpath(STEM ".xml", "count(//Conversation)"), "2");
	ck_assert(fx_valid(STEM ".xml"));
}
END_TEST


START_TEST(who_has_no_name_is_called_by_the_address)
{
	fx_must_open(&adapter_xml, "name", "archive", NULL);
	deliver();

	ck_assert_str_eq(message(1, "Sender/@UserName"), "bob@example.com");
	ck_assert_str_eq(message(1, "Sender/@uri"), "bob@example.com");
	ck_assert_str_eq(message(1, "Sender/@internal"), "false");
	ck_assert_str_eq(message(2, "Sender/@UserName"), "Alice \"Al\" Smith");
	ck_assert_str_eq(message(2, "Sender/@email"),
			 "alice.smith@example.com");
}
END_TEST


START_TEST(the_three_forms_of_an_instant_agree)
{
	/* The sample of the original's documentation, to the microsecond */
	fx_tradingv[0].ts_us = 1212610540953548;
	fx_must_open(&adapter_xml, "name", "archive", NULL);
	deliver();

	ck_assert_str_eq(message(1, "DateTimeUTC/@since1970"),
			 "1212610540953");
	ck_assert_str_eq(message(1, "DateTimeUTC/@string"),
			 "2008-06-04T20:15:40.9535480Z");
	ck_assert_str_eq(message(1, "DateTimeUTC/@long"),
			 "633482073409535480");
}
END_TEST


START_TEST(what_xml_cannot_say_is_replaced)
{
	static const struct {
		const char *in, *out;
	} v[] = {
		{ "\x01" "a\x1f",         "\xef\xbf\xbd" "a\xef\xbf\xbd" },
		{ "\xef\xbf\xbe\xef\xbf\xbf!",
		  "\xef\xbf\xbd\xef\xbf\xbd!" },
		{ "\xc3",                 "\xef\xbf\xbd" },
		{ "\xc0\x80",             "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xed\xa0\x80x",        "\xef\xbf\xbd\xef\xbf\xbd"
		  "\xef\xbf\xbdx" },
		{ "\xf4\x90\x80\x80",     "\xef\xbf\xbd\xef\xbf\xbd"
		  "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\t\r\n \x7f",          "\t\r\n \x7f" },
		{ "]]>&amp;<!--",         "]]>&amp;<!--" },
		{ "\xf4\x8f\xbf\xbf",     "\xf4\x8f\xbf\xbf" },
	};

	fx_tradingv[1].chat = v[_i].in;
	fx_must_open(&adapter_xml, "name", "archive", NULL);
	deliver();
	ck_assert_str_eq(message(2, "@content"), v[_i].out);
}
END_TEST


START_TEST(any_bytes_make_a_document)
{
	static struct adapter_event eventv[2000];
	static char chatv[ARRAY_SIZE(eventv)][40];

	srandom(4);
	for (size_t i = 0; i < ARRAY_SIZE(eventv); i++) {
		for (size_t k = 0; k < sizeof(chatv[i]) - 1; k++)
			chatv[i][k] = (char)(1 + random() % 255);
		eventv[i] = fx_tradingv[1];
		eventv[i].chat = chatv[i];
	}

	fx_convv[0].eventv = eventv;
	fx_convv[0].eventc = ARRAY_SIZE(eventv);
	fx_must_open(&adapter_xml, "name", "archive", NULL);
	deliver();
	ck_assert(fx_valid(STEM ".xml"));
}
END_TEST


START_TEST(details_are_there_when_asked_for)
{
	fx_must_open(&adapter_xml, "name", "archive",
		     "AddChatRoomDetails", "True", "AddUserDetails", "true",
		     "AddParticipants", "True", "AddEventIds", "yes", NULL);
	deliver();

	ck_assert(fx_valid(STEM ".xml"));
	ck_assert_str_eq(fx_xpath(STEM ".xml", "string(//Channel[1]"
				  "/@description)"), "Deals & <quotes>");
	ck_assert_str_eq(fx_xpath(STEM ".xml", "string(//Channel[1]"
				  "/@category)"), "Finance");
	ck_assert_str_eq(message(1, "Sender/@session"), "s-bob");
	ck_assert_str_eq(message(1, "@event"), "e1");
	ck_assert_str_eq(fx_xpath(STEM ".xml",
				  "string(//AtStart/Sender[1]/@id)"), "10");
	ck_assert_str_eq(fx_xpath(STEM ".xml", "count(//AtEnd/Sender)"), "2");
}
END_TEST


START_TEST(what_the_original_has_no_words_for_goes_beside_it)
{
	fx_must_open(&adapter_xml, "name", "archive", NULL);
	deliver();

	ck_assert_uint_eq(fx_files(), 2);
	ck_assert_uint_eq(fx_wrote(), 2);
	ck_assert_str_eq(fx_xpath(STEM "-admin.xml", "count(//Event)"), "2");
	ck_assert_str_eq(fx_xpath(STEM "-admin.xml",
				  "string(//Event[1]/@type)"), "REPLACED");
	ck_assert_str_eq(fx_xpath(STEM "-admin.xml",
				  "string(//Event[1]/Detail)"),
			 "{\"old\":\"hello\"}");
	ck_assert_str_eq(fx_xpath(STEM "-admin.xml",
				  "string(//Event[2]/@type)"), "PRINCIPAL");
	ck_assert_str_eq(fx_xpath(STEM "-admin.xml",
				  "string(/AdditionalEvents/@batch)"), "7");
}
END_TEST


START_TEST(additional_events_can_be_turned_off)
{
	fx_must_open(&adapter_xml, "name", "archive",
		     "AdditionalEvents", "False", NULL);
	deliver();
	ck_assert_uint_eq(fx_files(), 1);
}
END_TEST


START_TEST(each_room_can_have_its_own_file)
{
	fx_must_open(&adapter_xml, "name", "archive",
		     "OneChatRoomPerOutputFile", "True",
		     "CreateFileAttachmentsManifest", "True",
		     "AdditionalEvents", "False", NULL);
	deliver();

	ck_assert_uint_eq(fx_files(), 4);
	ck_assert(fx_valid(STEM "-" TRADING ".xml"));
	ck_assert_str_eq(fx_xpath(STEM "-" OFFICE ".xml",
				  "string(//Channel/@name)"), "B\xc3\xbcro");
	ck_assert_str_eq(fx_xpath(STEM "-" OFFICE ".xml",
				  "count(//Conversation)"), "1");
	ck_assert_str_eq(fx_xpath(STEM "-" OFFICE ".ATTACH",
				  "count(//File)"), "0");
	ck_assert_str_eq(fx_xpath(STEM "-" TRADING ".ATTACH",
				  "count(//File)"), "2");
}
END_TEST


START_TEST(file_transfers_are_listed)
{
	fx_write("upload", "12345", 0600);
	fx_must_open(&adapter_xml, "name", "archive",
		     "CreateFileAttachmentsManifest", "True", NULL);
	deliver();

	ck_assert_str_eq(fx_xpath(STEM ".ATTACH",
				  "string(//File[1]/@type)"), "FILEUPLOAD");
	ck_assert_str_eq(fx_xpath(STEM ".ATTACH",
				  "string(//File[1]/@size)"), "5");
	ck_assert_str_eq(fx_xpath(STEM ".ATTACH",
				  "string(//File[1]/Sender/@uri)"),
			 "alice@example.com");
}
END_TEST


START_TEST(a_batch_that_comes_again_is_the_same_file)
{
	const char *before;

	fx_must_open(&adapter_xml, "name", "archive", NULL);
	deliver();
	before = fx_read(STEM ".xml");
	ck_assert_int_eq(unlink(fx_path(STEM ".xml")), 0);
	ck_assert_int_eq(unlink(fx_path(STEM "-admin.xml")), 0);
	deliver();
	ck_assert_str_eq(fx_read(STEM ".xml"), before);
	ck_assert_uint_eq(fx_files(), 2);
}
END_TEST


START_TEST(a_file_that_is_there_is_not_replaced)
{
	fx_write(STEM ".xml", "somebody's", 0600);
	fx_must_open(&adapter_xml, "name", "archive", NULL);
	ck_assert_int_eq(fx_deliver(), ADAPTER_LATER);
	ck_assert_ptr_nonnull(strstr(fx_error, "File exists"));
	ck_assert_str_eq(fx_read(STEM ".xml"), "somebody's");
	ck_assert_uint_eq(fx_files(), 1);
}
END_TEST


/* The published sample reads @userName: every LoginName came out empty */
START_TEST(the_shipped_stylesheet_fills_login_names)
{
	fx_must_open(&adapter_xml, "name", "archive",
		     "CustomConfiguration", "deploy/compliance/filedump.xsl",
		     "AddParticipants", "True", NULL);
	deliver();

	ck_assert_str_eq(fx_xpath(STEM ".xml", "name(/*)"), "FileDump");
	ck_assert_str_eq(fx_xpath(STEM ".xml",
				  "count(//LoginName[not(text())])"), "0");
	ck_assert_str_eq(fx_xpath(STEM ".xml",
		"string(//Message[1]/LoginName)"), "Alice \"Al\" Smith");
	ck_assert_str_eq(fx_xpath(STEM ".xml",
		"string(//Message[1]/Content)"),
			 "hello <Bob> & \"all\"\nsecond line");
	ck_assert_str_eq(fx_xpath(STEM ".xml",
		"string(//Conversation[1]/@Perspective)"),
			 "Trading_group_channel");
	ck_assert_str_eq(fx_xpath(STEM ".xml",
		"string(//FileTransferEnded[1]/Status)"), "Completed");
	ck_assert_str_eq(fx_xpath(STEM ".xml",
		"normalize-space(//ParticipantEntered[2]/ConversationID)"),
			 "Trading");
}
END_TEST


START_TEST(who_is_there_at_the_start_enters_and_at_the_end_leaves)
{
	fx_must_open(&adapter_xml, "name", "archive",
		     "CustomConfiguration", "deploy/compliance/filedump.xsl",
		     "AddParticipants", "True", NULL);
	deliver();

	ck_assert_str_eq(fx_xpath(STEM ".xml",
		"count(//Conversation[1]/ParticipantEntered)"), "2");
	ck_assert_str_eq(fx_xpath(STEM ".xml",
		"count(//Conversation[1]/ParticipantLeft)"), "2");
	ck_assert_str_eq(fx_xpath(STEM ".xml",
		"string(//ParticipantEntered[1]/DateTimeUTC)"),
			 "1383660000000");
	ck_assert_str_eq(fx_xpath(STEM ".xml",
		"string(//Conversation[1]/ParticipantLeft[2]/DateTimeUTC)"),
			 "1383660900000");
}
END_TEST


START_TEST(a_stylesheet_that_fails_refuses_the_batch)
{
	fx_write("stop.xsl", "<xsl:stylesheet version=\"1.0\" xmlns:xsl="
		 "\"http://www.w3.org/1999/XSL/Transform\">"
		 "<xsl:template match=\"/\"><xsl:message terminate=\"yes\">no"
		 "</xsl:message></xsl:template></xsl:stylesheet>", 0600);
	fx_must_open(&adapter_xml, "CustomConfiguration",
		     fx_path("stop.xsl"), NULL);

	ck_assert_int_eq(fx_deliver(), ADAPTER_REFUSED);
	ck_assert_str_eq(fx_error, "the stylesheet failed");
	ck_assert_uint_eq(fx_files(), 1);
}
END_TEST


START_TEST(a_stylesheet_reads_and_writes_nothing_else)
{
	fx_write("secret", "<secret>s3cret</secret>", 0600);
	fx_write("read.xsl", "<xsl:stylesheet version=\"1.0\" xmlns:xsl="
		 "\"http://www.w3.org/1999/XSL/Transform\">"
		 "<xsl:template match=\"/\"><r><xsl:value-of"
		 " select=\"document('secret')\"/></r></xsl:template>"
		 "</xsl:stylesheet>", 0600);
	fx_must_open(&adapter_xml, "name", "archive", "CustomConfiguration",
		     fx_path("read.xsl"), "AdditionalEvents", "no", NULL);
	(void)fx_deliver();
	ck_assert(!fx_read(STEM ".xml") ||
		  !strstr(fx_read(STEM ".xml"), "s3cret"));
}
END_TEST


START_TEST(a_missing_folder_is_to_be_tried_again)
{
	fx_batch.dir = "/nowhere/at/all";
	fx_must_open(&adapter_xml, NULL);
	ck_assert_int_eq(fx_deliver(), ADAPTER_LATER);
	ck_assert_str_eq(fx_error,
			 "writing XML: No such file or directory");
}
END_TEST


START_TEST(a_full_disk_is_to_be_tried_again)
{
	const struct rlimit full = { 1000, RLIM_INFINITY };
	const struct rlimit roomy = { RLIM_INFINITY, RLIM_INFINITY };

	ck_assert_ptr_ne(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
	fx_must_open(&adapter_xml, "name", "archive", NULL);

	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &full), 0);
	ck_assert_int_eq(fx_deliver(), ADAPTER_LATER);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &roomy), 0);
	ck_assert_str_eq(fx_error, "writing XML: File too large");
	ck_assert_uint_eq(fx_files(), 0);
	ck_assert_uint_eq(fx_wrote(), 0);

	deliver();
	ck_assert_uint_eq(fx_files(), 2);
}
END_TEST


START_TEST(a_wrong_setting_is_named)
{
	static const struct {
		const char *key, *value, *log;
	} v[] = {
		{ "OneRoom", "True", "adapter xml: OneRoom: there is no such"
		  " key\n" },
		{ "AddUserDetails", "maybe", "adapter xml: AddUserDetails:"
		  " is neither True nor False\n" },
		{ "CustomConfiguration", "/nowhere.xsl",
		  "adapter xml: CustomConfiguration: is no stylesheet that"
		  " can be read\n" },
	};
	const char *log;

	ck_assert_int_ne(fx_open(&adapter_xml, v[_i].key, v[_i].value, NULL),
			 0);
	log = fx_log();
	ck_assert_uint_ge(strlen(log), strlen(v[_i].log));
	ck_assert_str_eq(log + strlen(log) - strlen(v[_i].log), v[_i].log);
}
END_TEST


static Suite *adapter_xml_suite(void)
{
	Suite *suite = suite_create("adapter xml");
	TCase *tc = tcase_create("xml");

	tcase_add_checked_fixture(tc, fx_setup, fx_teardown);
	tcase_add_test(tc, a_conversation_is_the_originals_byte_for_byte);
	tcase_add_test(tc, every_type_has_the_content_and_id_of_its_kind);
	tcase_add_test(tc, who_has_no_name_is_called_by_the_address);
	tcase_add_test(tc, the_three_forms_of_an_instant_agree);
	tcase_add_loop_test(tc, what_xml_cannot_say_is_replaced, 0, 9);
	tcase_add_test(tc, any_bytes_make_a_document);
	tcase_add_test(tc, details_are_there_when_asked_for);
	tcase_add_test(tc, what_the_original_has_no_words_for_goes_beside_it);
	tcase_add_test(tc, additional_events_can_be_turned_off);
	tcase_add_test(tc, each_room_can_have_its_own_file);
	tcase_add_test(tc, file_transfers_are_listed);
	tcase_add_test(tc, a_batch_that_comes_again_is_the_same_file);
	tcase_add_test(tc, a_file_that_is_there_is_not_replaced);
	tcase_add_test(tc, the_shipped_stylesheet_fills_login_names);
	tcase_add_test(tc,
		       who_is_there_at_the_start_enters_and_at_the_end_leaves);
	tcase_add_test(tc, a_stylesheet_that_fails_refuses_the_batch);
	tcase_add_test(tc, a_stylesheet_reads_and_writes_nothing_else);
	tcase_add_test(tc, a_missing_folder_is_to_be_tried_again);
	tcase_add_test(tc, a_full_disk_is_to_be_tried_again);
	tcase_add_loop_test(tc, a_wrong_setting_is_named, 0, 3);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(adapter_xml_suite)
