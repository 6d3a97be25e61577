/**
 * @file tests/scenario/attack.c  What the attacks on the edge share
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/scenario/attack.h"

const char attack_data[] =
	"{\"users\":[" USER("ada") "," USER("bob") "," USER("cyd") ","
	USER("dan") "," USER("eve") "," USER("fay") "," USER("gus") "],"
	"\"categories\":[" MAIN "],"
	"\"rooms\":[" ROOM("Talk") ","
	"{\"name\":\"Vault\",\"category\":\"Main\",\"privacy\":\"secret\","
	"\"managers\":[\"" SIP("ada") "\"],\"members\":[\"" SIP("ada")
	"\"]}]}";


void attack_up_with(const char *const *setv)
{
	static const char *const digest[] = { "registrar.auth=digest", NULL };
	const struct pool_opts opts = {
		.registrar = true, .data = attack_data, .web = 1,
		.setv = setv ? setv : digest
	};

	stage_up(&opts);
}


void attack_up(void)
{
	attack_up_with(NULL);
}


struct reg *attack_connect(const char *user, const char *source)
{
	const struct reg_conf conf = {
		.hop = pool_registrar_tcp(pool), .user = user,
		.password = user, .source = source
	};
	struct reg *r;

	ck_assert_int_eq(reg_open(&r, &conf), 0);

	return r;
}


struct reg *attack_sign_in(const char *user, const char *source)
{
	struct reg *r = attack_connect(user, source);

	ck_assert_uint_eq(reg_register(r), 200);
	ck_assert_uint_eq(reg_invite(r, pool_uri(pool)), 200);

	return r;
}


bool attack_works(struct reg *r, const char *room)
{
	static uint32_t envid = 1000;
	char *uri = chat_room(pool, room), *data = NULL, *body;
	char user[96];
	uint16_t status;

	(void)re_snprintf(user, sizeof(user), SIP("%s"), reg_user(r));
	(void)re_sdprintf(&data, "<chanid key=\"0\" domain=\"%s\" "
			  "value=\"%s\"/>", pool_domain(pool),
			  xd_room_id(uri));
	body = xd_cmd(++envid, "join", data);
	status = reg_info(r, body);
	mem_deref(body);
	mem_deref(data);
	if (status == 200) {
		(void)raw_body(reg_raw(r), "rpl:join");
		body = xd_grpchat(++envid, uri, user, "still here");
		status = reg_info(r, body);
		mem_deref(body);
	}
	mem_deref(uri);

	return status == 200;
}


long attack_counter(const char *name)
{
	char cmd[256], line[128];
	long value = -1;
	FILE *f;

	(void)re_snprintf(cmd, sizeof(cmd), "/usr/sbin/kamcmd -s unix:%s "
			  "stats.fetch %s", pool_registrar_ctl(pool), name);
	f = popen(cmd, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f)) {
		const char *colon = strrchr(line, ':');

		if (colon && strstr(line, name))
			value = strtol(colon + 1, NULL, 10);
	}
	(void)pclose(f);

	return value;
}


struct attack_state attack_look(void)
{
	return (struct attack_state) {
		.messages  = number("SELECT count(*) FROM message", NULL),
		.endpoints = number("SELECT count(*) FROM endpoint", NULL),
		.roster    = number("SELECT count(*) FROM roster", NULL),
		.follows   = number("SELECT count(*) FROM presence_category",
				    NULL),
	};
}
