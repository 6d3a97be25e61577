/**
 * @file channel/ending.c  Ended endpoints, told to the store in bunches
 */
#include <errno.h>
#include <re.h>
#include "common/db/db.h"
#include "common/log.h"
#include "channel/core.h"
#include "channel/ending.h"

enum {
	RETRY_MS  = 1000,
	BUNCH     = 1000,
};

struct ended {
	struct le le;
	int64_t endpoint_id;
	bool bye;
	bool sent;
};

static void send_handler(void *arg);


static void destructor(void *data)
{
	struct ended *ended = data;

	list_unlink(&ended->le);
}


static void done_handler(int err, const struct db_res *res, void *arg)
{
	struct service *svc = arg;
	struct le *le = list_head(&svc->endl);

	if (err == ECANCELED)
		return;

	while (le) {
		struct ended *ended = le->data;

		le = le->next;
		if (!ended->sent)
			continue;
		if (err)
			ended->sent = false;
		else
			mem_deref(ended);
	}

	if (svc->endl.head)
		tmr_start(&svc->tmr_end, err ? RETRY_MS : 0, send_handler,
			  svc);
}


static void send_handler(void *arg)
{
	struct service *svc = arg;
	int64_t byev[BUNCH], lostv[BUNCH];
	size_t byec = 0, lostc = 0;
	struct db_args args;
	struct le *le;

	for (le = list_head(&svc->endl); le; le = le->next) {
		struct ended *ended = le->data;

		if (ended->sent)
			return;          /* one bunch at a time */
		/* what ended in another way comes after, not with it */
		if (byec + lostc == BUNCH || (ended->bye ? lostc : byec))
			break;
		ended->sent = true;
		if (ended->bye)
			byev[byec++] = ended->endpoint_id;
		else
			lostv[lostc++] = ended->endpoint_id;
	}

	db_args_init(&args);
	db_int8v(&args, byev, byec);
	db_int8v(&args, lostv, lostc);
	if (db_exec(svc->db_main, "endpoint_end", &args, done_handler, svc))
		done_handler(EBUSY, NULL, svc);
}


size_t ending_byes(const struct service *svc, int64_t *idv, size_t max)
{
	const struct le *le;
	size_t n = 0;

	for (le = svc->endl.head; le && n < max; le = le->next) {
		const struct ended *ended = le->data;

		if (ended->bye)
			idv[n++] = ended->endpoint_id;
	}

	return n;
}


void ending_add(struct service *svc, int64_t endpoint_id, bool bye)
{
	struct ended *ended = mem_zalloc(sizeof(*ended), destructor);

	if (!ended) {
		log_err("ending.lost", "endpoint=%lld",
			(long long)endpoint_id);
		return;
	}

	ended->endpoint_id = endpoint_id;
	ended->bye = bye;
	list_append(&svc->endl, &ended->le, ended);
	if (!tmr_isrunning(&svc->tmr_end))
		tmr_start(&svc->tmr_end, 0, send_handler, svc);
}
