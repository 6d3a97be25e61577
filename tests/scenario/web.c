/**
 * @file tests/scenario/web.c  What the scenarios of the web service share
 */
#include <dirent.h>
#include <poll.h>
#include <stdlib.h>
#include "tests/scenario/web.h"

enum { UNTIL_MS = 60000, POLL_MS = 50 };


void web_up(const char *data, const char *const *setv)
{
	stage_up(&(struct pool_opts){ .data = data, .setv = setv, .web = 2 });
	web_setting("Administrators", "sip:root@example.net");
}


void web_setting(const char *key, const char *value)
{
	char *sql = NULL;

	web_sql("DELETE FROM configuration WHERE key = $1 "
		"RETURNING 1", key);
	if (!value)
		return;
	ck_assert_int_eq(re_sdprintf(&sql, "INSERT INTO configuration "
		"(key, value) VALUES ($1, '%s') RETURNING 1", value), 0);
	web_sql(sql, key);
	mem_deref(sql);
}


void web_sql(const char *sql, const char *p1)
{
	mem_deref(pool_sql(pool, sql, p1));
}


int64_t web_number(const char *sql, const char *p1)
{
	char *text = pool_sql(pool, sql, p1);
	const int64_t n = text ? atoll(text) : -1;

	mem_deref(text);

	return n;
}


bool web_until(bool (*h)(void *arg), void *arg)
{
	unsigned ms;

	for (ms = 0; ms < UNTIL_MS; ms += POLL_MS) {
		if (h(arg))
			return true;
		(void)poll(NULL, 0, POLL_MS);
	}

	return h(arg);
}


int web_files(const char *folder)
{
	const struct dirent *e;
	char path[512];
	int n = 0;
	DIR *dir;

	(void)re_snprintf(path, sizeof(path), "%s/files/%s", pool_dir(pool),
			  folder);
	dir = opendir(path);
	if (!dir)
		return -1;

	while ((e = readdir(dir)))
		n += e->d_name[0] != '.';
	(void)closedir(dir);

	return n;
}


char *web_token(struct client *c, const char *room, const char *verb)
{
	char *token = NULL;
	struct xd *x;

	if (ask(c, &x, verb, "<ftdb channelUri=\"%s\" fileUrl=\"f\"/>",
		room) == 200) {
		ck_assert_ptr_nonnull(strstr(xd_str(x, "//token/@serveruri"),
					     "/PersistentChat/MGCWebService."
					     "asmx"));
		(void)str_dup(&token, xd_str(x, "//token/@token"));
	}
	mem_deref(x);

	return token;
}
