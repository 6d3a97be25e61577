/**
 * @file tests/fuzz/fuzz_dialog.c  The SIP core with live dialogs
 *
 * The input is a script, its steps end with 0xff: requests in and out of a
 * dialog with any header lines, any bytes, the application's doings, the
 * clock.  stepv below names them.  Lower case is the first connection, upper
 * case the second.
 *
 * What must hold: a message that is framed never ends a connection, each
 * request gets exactly one final answer, and all that the core says is framed.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "common/clock.h"
#include "common/wheel.h"
#include "channel/sip/core.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/sipclient.h"

enum { HELD_MAX = 64, STEPS_MAX = 96, STEP_END = 0xff };

static struct uas *uas;
static struct dlg *dlg;
static struct st *heldv[HELD_MAX];
static unsigned heldc;
static bool holding, busy;
static uint64_t now;


static void clock_go(uint64_t ms)
{
	now += ms;
	wheel_time_set(now);
	clock_set((int64_t)(1700000000000 + now) * 1000);
}


/* ----------------------------------------------------- the application */

static void hold(struct st *st)
{
	struct st *held = heldc < HELD_MAX ? st_hold(st) : NULL;

	if (held)
		heldv[heldc++] = held;
	else
		st_reply(st, 500, "Full", NULL);
}


static void held_answer(uint16_t code)
{
	struct st *st = heldv[0];

	memmove(heldv, heldv + 1, --heldc * sizeof(heldv[0]));
	if (code == 200 && st->inv && !dlg)
		(void)dlg_accept(&dlg, st, NULL);
	else
		st_reply(st, code == 200 && st->inv ? 486 : code, "Said",
			 NULL);
}


static void invite_handler(struct st *st, const struct uas_invite *inv,
			   void *arg)
{
	(void)inv;
	(void)arg;

	if (holding)
		hold(st);
	else if (dlg)
		st_reply(st, 486, "Busy Here", NULL);
	else
		(void)dlg_accept(&dlg, st, NULL);
}


static void info_handler(struct dlg *d, struct st *st, const struct pl *body,
			 void *arg)
{
	(void)d;
	(void)arg;

	if (holding)
		hold(st);
	else
		st_reply(st, body->l & 1 ? 403 : 200, "OK", NULL);
}


static void subscribe_handler(struct st *st, const struct uas_subscribe *sub,
			      void *arg)
{
	(void)arg;
	st_reply_body(st, 200, "OK", NULL, "text/plain", &sub->body);
}


static void closed_handler(struct dlg *d, enum dlg_end why, void *arg)
{
	(void)why;
	(void)arg;

	if (dlg == d)
		dlg = NULL;
}


static bool accepting_handler(void *arg)
{
	(void)arg;

	return !busy;
}


/* ---------------------------------------------------------------- the steps */

typedef void (step_h)(struct client *c, struct fuzz_in *in);


static void step_outside(struct client *c, struct fuzz_in *in)
{
	client_request(c, in, false);
}


static void step_inside(struct client *c, struct fuzz_in *in)
{
	client_request(c, in, true);
}


static void step_raw(struct client *c, struct fuzz_in *in)
{
	client_raw(c, in->p, in->l);
}


static void step_cut(struct client *c, struct fuzz_in *in)
{
	const size_t most = fuzz_byte(in) * 4u;

	(void)c;
	clients_cut(most + fuzz_byte(in));
}


static void step_time(struct client *c, struct fuzz_in *in)
{
	static const uint32_t msv[] = { 1, 250, 500, 1000, 4000, 33000,
					660000, 1300000 };
	const uint32_t ms = msv[fuzz_byte(in) & 7];

	(void)c;
	for (int i = 0; i < 4; i++) {
		clock_go(ms / 4 + 1);
		clients_settle(2);
	}
}


static void step_send(struct client *c, struct fuzz_in *in)
{
	struct info *info;

	(void)c;
	if (!dlg || info_alloc(&info, (const char *)in->p, in->l))
		return;

	dlg_send(dlg, info);
	mem_deref(info);
}


static void step_end(struct client *c, struct fuzz_in *in)
{
	static void (*const endv[])(struct dlg *) = {
		dlg_close, dlg_bye, dlg_bar
	};

	(void)c;
	if (!dlg)
		return;

	endv[fuzz_byte(in) % ARRAY_SIZE(endv)](dlg);
	dlg = NULL;
}


static void step_hold(struct client *c, struct fuzz_in *in)
{
	(void)c;
	(void)in;
	holding = !holding;
}


static void step_answer_held(struct client *c, struct fuzz_in *in)
{
	(void)c;
	if (heldc)
		held_answer(fuzz_byte(in) & 1 ? 403 : 200);
}


static void step_busy(struct client *c, struct fuzz_in *in)
{
	(void)c;
	(void)in;
	busy = !busy;
}


static void step_deaf(struct client *c, struct fuzz_in *in)
{
	(void)c;
	(void)in;
	clients_deaf();
}


static void step_reply(struct client *c, struct fuzz_in *in)
{
	client_answer(c, 100 + fuzz_byte(in) * 3u % 600);
}


static void step_close(struct client *c, struct fuzz_in *in)
{
	(void)in;
	client_close(c);
}


static void step_cancel(struct client *c, struct fuzz_in *in)
{
	(void)in;
	client_cancel(c);
}


static const struct {
	char name;
	step_h *h;
} stepv[] = {
	{ 'o', step_outside     },     /* a request outside dialogs          */
	{ 'q', step_inside      },     /* a request in the dialog            */
	{ 'x', step_raw         },     /* any bytes                          */
	{ 'c', step_cut         },     /* the next message comes in two      */
	{ 't', step_time        },     /* time passes                        */
	{ 's', step_send        },     /* the application sends an INFO      */
	{ 'e', step_end         },     /* it ends the dialog                 */
	{ 'h', step_hold        },     /* it answers later, or at once again */
	{ 'g', step_answer_held },     /* it answers one                     */
	{ 'n', step_busy        },     /* it takes no new dialogs, or again  */
	{ 'd', step_deaf        },     /* the client does not answer         */
	{ 'r', step_reply       },     /* it answers the latest request      */
	{ 'k', step_close       },     /* it closes its connection           */
	{ 'l', step_cancel      },     /* it cancels the latest INVITE       */
};


static void step(struct fuzz_in *in)
{
	const uint8_t op = fuzz_byte(in);

	for (size_t i = 0; i < ARRAY_SIZE(stepv); i++) {
		if (stepv[i].name != tolower(op))
			continue;
		stepv[i].h(client_get(isupper(op) ? 1 : 0), in);
		clients_settle(3);
		return;
	}
}


/* ----------------------------------------------------------------- all of it */

static void core_open(void)
{
	static const struct uas_conf conf = {
		.peer_addrs = SIPCLIENT_HOST "/32",
		.window = 2, .queue_max = 8, .body_max = 2048,
	};
	static const struct uas_events ev = {
		.invite = invite_handler, .subscribe = subscribe_handler,
		.info = info_handler, .closed = closed_handler,
		.accepting = accepting_handler,
	};

	fuzz_check(!uas_open(&uas, &conf, &ev, NULL));
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };
	unsigned steps = 0;

	fuzz_init();
	if (!now)
		now = tmr_jiffies();
	clock_go(1);
	core_open();
	clients_open(uas);
	holding = busy = false;

	while (in.l && steps++ < STEPS_MAX) {
		size_t l;
		char *p = fuzz_text(&in, STEP_END, &l);
		struct fuzz_in one = { (uint8_t *)p, l };

		step(&one);
		free(p);
	}

	while (heldc)
		held_answer(403);
	clients_settle(6);
	clients_judge();

	clients_close();
	uas = mem_deref(uas);
	dlg = NULL;

	return 0;
}
