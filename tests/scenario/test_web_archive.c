/**
 * @file tests/scenario/test_web_archive.c  Files of the web service on their
 *                                          way into the archive
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/scenario/web.h"
#include "tests/unit/suite.h"

static const char data[] =
	"{\"users\":[" USER("ada") "],\"categories\":[" MAIN "],"
	"\"rooms\":[" ROOM("Lobby") "]}";


static void up(void)
{
	stage_up(&(struct pool_opts){ .data = data, .instances = 1, .web = 1,
				      .compliance = 1 });
}


static bool staged(void *arg)
{
	char *n = pool_compliance_sql(pool, "SELECT count(*) FROM staged WHERE"
				      " kind = 4 AND event::jsonb -> 'detail'"
				      " ->> 'file' = $1", arg);
	const bool yes = n && !strcmp(n, "1");

	mem_deref(n);

	return yes;
}


START_TEST(a_file_is_copied_before_its_event_is_staged)
{
	struct browser *ada;
	char file[64], path[512], *room;

	ck_room(room, pool, "Lobby");
	ck_browser(ada, pool, 0, "ada");
	/* a name may not make lines of its own in what an archive writes */
	ck_status(ada, browser_put(ada, "POST", "text/plain", "the plan", 8,
		false, "/api/v1/rooms/%s/files?name=plan%%0D%%0Ax.txt",
		xd_room_id(room)), 400);
	ck_status(ada, browser_put(ada, "POST", "text/plain", "the plan", 8,
		false, "/api/v1/rooms/%s/files?name=plan.txt",
		xd_room_id(room)), 201);
	str_ncpy(file, browser_member(ada, "file"), sizeof(file));

	ck_assert(web_until(staged, file));
	(void)re_snprintf(path, sizeof(path), "%s/files/%b/%s",
			  pool_archive(pool), file, (size_t)2, file);
	ck_assert_msg(!access(path, R_OK), "%s", path);
	mem_deref(room);
}
END_TEST


static Suite *web_archive_suite(void)
{
	Suite *suite = suite_create("web_archive");
	TCase *tc = tcase_create("web_archive");

	tcase_add_unchecked_fixture(tc, up, stage_down);
	tcase_set_timeout(tc, 180);
	tcase_add_test(tc, a_file_is_copied_before_its_event_is_staged);
	suite_add_tcase(suite, tc);

	return suite;
}

TEST_SUITE(web_archive_suite)
