/**
 * @file tests/support/wait.c  Run the loop until something is so
 */
#include <re.h>
#include "tests/support/wait.h"


static struct {
	wait_h *h;
	void *arg;
	bool timeout;
} waiting;


static void timeout_handler(void *arg)
{
	(void)arg;
	waiting.timeout = true;
	re_cancel();
}


void wait_poke(void)
{
	if (waiting.h && waiting.h(waiting.arg))
		re_cancel();
}


int wait_for(wait_h *h, void *arg, unsigned timeout_ms)
{
	struct tmr tmr;
	int err = 0;

	if (!h)
		return EINVAL;

	if (h(arg))
		return 0;

	waiting.h = h;
	waiting.arg = arg;
	waiting.timeout = false;

	tmr_init(&tmr);
	tmr_start(&tmr, timeout_ms, timeout_handler, NULL);
	err = re_main(NULL);
	tmr_cancel(&tmr);

	waiting.h = NULL;

	if (!err && !h(arg))
		err = ETIMEDOUT;

	return err;
}
