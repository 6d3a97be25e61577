/**
 * @file tests/scenario/behind.c  A pool whose first instance reaches the store
 *                                through a proxy of the test
 */
#include <re.h>
#include <stdlib.h>
#include <string.h>
#include "common/ctl.h"
#include "common/json.h"
#include "tests/scenario/behind.h"
#include "tests/scenario/stage.h"
#include "tests/support/pgproxy.h"
#include "tests/support/proc.h"

enum { SED_MS = 10000 };


struct pgproxy *proxy;


static uint16_t store_port(void)
{
	const char *p = strstr(pool_store(pool), "port=");

	ck_assert_ptr_nonnull(p);

	return (uint16_t)atoi(p + 5);
}


void behind_up(void)
{
	const char *name = pool_inst(pool, 0)->name;
	char *again = NULL, *edit = NULL;
	const char *argv[] = { "sed", "-i", NULL, pool_inst(pool, 0)->conf,
			       NULL };

	ck_assert_int_eq(pgproxy_open(&proxy, store_port()), 0);
	ck_assert_int_eq(str_dup(&again, name), 0);
	ck_assert_int_eq(re_sdprintf(&edit, "s/^\\(store.conninfo.*port=\\)"
				     "[0-9]*/\\1%u/", pgproxy_port(proxy)), 0);
	argv[2] = edit;
	ck_assert_int_eq(proc_run("/dev/null", argv, SED_MS), 0);
	ck_assert_int_eq(pool_stop(pool, again), 0);
	ck_assert_int_eq(pool_start(pool, again), 0);
	mem_deref(edit);
	mem_deref(again);
}


void behind_down(void)
{
	proxy = mem_deref(proxy);
}


const char *behind_state(void)
{
	static char state[32];
	json_t *reply = NULL;

	state[0] = '\0';
	if (!ctl_call(pool_inst(pool, 0)->ctl, "status", &reply))
		str_ncpy(state, json_string_value(json_object_get(reply,
							"state")),
			 sizeof(state));
	json_decref(reply);

	return state;
}


unsigned behind_options(void)
{
	struct raw *r = NULL;
	unsigned status;

	if (raw_open(&r, pool_inst(pool, 0)->sip_tcp))
		return 0;

	(void)raw_write(r, "OPTIONS sip:probe SIP/2.0\r\n"
			"Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK1\r\n"
			"From: <sip:probe@example.net>;tag=1\r\n"
			"To: <sip:probe>\r\nCall-ID: probe\r\n"
			"CSeq: 10 OPTIONS\r\nContent-Length: 0\r\n\r\n");
	status = raw_status(r, 10, "OPTIONS");
	mem_deref(r);

	return status;
}
