/**
 * @file compliance/origin.c  Are the stores still what they were?
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "common/guid.h"
#include "common/log.h"
#include "common/stats.h"
#include "compliance/origin.h"

enum { PERIOD_MS = 5000 };

struct origin {
	struct db *staging, *store;
	bool enabled, busy;
	struct tmr tmr;
};

static uint64_t n_forks;

static const struct stats_row rowv[] = {
	{ "archive_forks", &n_forks, true,
	  "Times that a store or a directory was found set back or exchanged" },
};


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct origin *o = data;

	tmr_cancel(&o->tmr);
}


static void set_handler(int err, const struct db_res *res, void *arg)
{
	struct origin *o = arg;
	(void)err;
	(void)res;

	o->busy = false;
}


/* Until the next tick */
static void ask(struct origin *o, struct db *db, const char *stmt,
		struct db_args *args, db_h *h)
{
	if (db_exec(db, stmt, args, h, o))
		o->busy = false;
}


static void look_handler(int err, const struct db_res *res, void *arg)
{
	struct origin *o = arg;
	struct db_args args;
	uint64_t forks;

	if (err || !o->enabled || !db_rows(res)) {
		o->busy = false;
		return;
	}

	forks = (uint64_t)db_get_int(res, 0, 2);
	if (forks > n_forks)
		log_err("archive.forks", "forks=%llu hint=\"pchatctl compliance"
			" status names them\"", (unsigned long long)forks);
	n_forks = forks;

	db_args_init(&args);
	db_uuid(&args, db_get_uuid(res, 0, 0));
	db_int8(&args, db_get_int(res, 0, 1));
	ask(o, o->store, "compliance_source_set", &args, set_handler);
}


static void source_handler(int err, const struct db_res *res, void *arg)
{
	struct origin *o = arg;
	struct db_args args;

	if (err || !o->enabled || !db_rows(res)) {
		o->busy = false;
		return;
	}

	db_args_init(&args);
	db_uuid(&args, db_get_uuid(res, 0, 0));
	db_int8(&args, db_get_int(res, 0, 1));
	db_int4(&args, (int32_t)db_get_int(res, 0, 2));
	db_int8(&args, db_get_int(res, 0, 3));
	db_int8(&args, db_get_int(res, 0, 4));
	if (db_isnull(res, 0, 5))
		db_null(&args);
	else
		db_uuid(&args, db_get_uuid(res, 0, 5));
	db_int8(&args, db_get_int(res, 0, 6));
	ask(o, o->staging, "sources_look", &args, look_handler);
}


static void tick(void *arg)
{
	struct origin *o = arg;

	tmr_start(&o->tmr, PERIOD_MS, tick, o);

	if (o->enabled && !o->busy) {
		o->busy = true;
		ask(o, o->store, "compliance_source", NULL, source_handler);
	}
}


int origin_open(struct origin **op, struct db *staging, struct db *store)
{
	struct origin *o;

	if (!op || !staging || !store)
		return EINVAL;

	o = mem_zalloc(sizeof(*o), destructor);
	if (!o)
		return ENOMEM;

	o->staging = staging;
	o->store   = store;
	*op = o;

	return 0;
}


void origin_enable(struct origin *o, bool enable)
{
	o->enabled = enable;

	if (enable)
		tmr_start(&o->tmr, 0, tick, o);
	else
		tmr_cancel(&o->tmr);
}
