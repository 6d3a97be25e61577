/**
 * @file tests/unit/compliance/test_event_head.c  A batch cut into events
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "compliance/event_head.h"
#include "tests/unit/suite.h"

#define ROOM "69da05f7-1085-415c-a0ef-1ddf8ce54de1"
#define HEAD "\"id\":\"e20d9c6d-7047-4a25-9176-6efb6eaedd81\",\"kind\":1," \
	"\"ts\":1795277585838014"
#define BATCH(events) "{\"rooms\":{\"" ROOM "\":{\"id\" : \"" ROOM "\", "  \
	"\"name\" : \"}],\\\"\"}},\"users\":{\"7\":{\"id\" : 7},"          \
	"\"12\":{\"id\" : 12}},\"events\":[" events "]}"


static void ck_whole(const char *batch, size_t i, const char *want)
{
	struct event_heads *h = NULL;
	const struct pl *text;

	ck_assert_int_eq(event_heads(&h, batch), 0);
	text = event_heads_event(h, i);
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_eq(text->l, strlen(want));
	ck_assert_mem_eq(text->p, want, text->l);
	mem_deref(h);
}


START_TEST(room_and_user_are_put_in)
{
	static const char batch[] = BATCH(
		"{" HEAD ",\"room\":\"" ROOM "\",\"user\":12,\"msg_id\":3,"
		"\"chat\":\"a \\\"quote\\\", ]} and \\\\\"},"
		"{" HEAD ",\"user\":7,\"detail\":{\"room\": \"x\", \"l\": [1, "
		"{}]}} , {" HEAD "}");

	ck_whole(batch, 0, "{" HEAD ",\"room\":{\"id\" : \"" ROOM "\", "
		 "\"name\" : \"}],\\\"\"},\"user\":{\"id\" : 12},\"msg_id\":3,"
		 "\"chat\":\"a \\\"quote\\\", ]} and \\\\\"}");
	ck_whole(batch, 1, "{" HEAD ",\"user\":{\"id\" : 7},\"detail\":"
		 "{\"room\": \"x\", \"l\": [1, {}]}}");
	ck_whole(batch, 2, "{" HEAD "}");
}
END_TEST


START_TEST(a_user_who_is_not_known_is_none)
{
	ck_whole(BATCH("{" HEAD ",\"user\":5}"), 0, "{" HEAD ",\"user\":null}");
}
END_TEST


START_TEST(what_is_no_batch_is_refused)
{
	static const char *const badv[] = {
		"", "[]", "{}", "{\"events\":[]}", "{\"events\":[1]}",
		BATCH(""), BATCH("{" HEAD "},"), BATCH("{" HEAD "}") "x",
		BATCH("{\"kind\":1}"), BATCH("{" HEAD ",\"chat\":\"x}"),
		BATCH("{" HEAD ",\"room\":\"x\"}"),
		BATCH("{" HEAD ",\"room\":{\"id\":\"" ROOM "\"}}"),
		BATCH("{" HEAD ",\"room\":\"79da05f7-1085-415c-a0ef-"
		      "1ddf8ce54de1\"}"),
		BATCH("{" HEAD ",\"user\":7,\"room\":\"" ROOM "\"}"),
		"{\"events\":[{" HEAD "}]", "{\"events\":[{" HEAD ",}]}",
	};
	struct event_heads *h = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(badv); i++)
		ck_assert_msg(event_heads(&h, badv[i]) == EBADMSG, "%s",
			      badv[i]);
}
END_TEST


/* Cut anywhere it is none, and nothing beyond its end is read */
START_TEST(half_a_batch_is_refused)
{
	static const char batch[] = BATCH("{" HEAD ",\"room\":\"" ROOM
					  "\",\"user\":7,\"chat\":\"\\\"\"}");
	struct event_heads *h = NULL;
	size_t n;

	for (n = 0; n < sizeof(batch) - 1; n++) {
		char *part = strndup(batch, n);

		ck_assert_int_eq(event_heads(&h, part), EBADMSG);
		free(part);
	}
}
END_TEST


static Suite *event_head_suite(void)
{
	Suite *suite = suite_create("compliance/event_head");
	TCase *tc = tcase_create("event_head");

	tcase_add_test(tc, room_and_user_are_put_in);
	tcase_add_test(tc, a_user_who_is_not_known_is_none);
	tcase_add_test(tc, what_is_no_batch_is_refused);
	tcase_add_test(tc, half_a_batch_is_refused);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(event_head_suite)
