/**
 * @file webfiles/clean.c  Files go when nobody can come by them any more
 *
 * A round: the store names files, they go from disk, then from the store; then
 * what lies aside for too long: the store has it (only its second name goes)
 * or not (it goes from its place, too).  A full batch brings the next round on
 * at once.
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/conf.h"
#include "common/db/db.h"
#include "common/guid.h"
#include "common/log.h"
#include "common/stats.h"
#include "webfiles/clean.h"
#include "webfiles/core.h"
#include "webfiles/filestore.h"
#include "webfiles/worker.h"

enum { BATCH = 256 };

/** The worker's jobs and the store's answers each hold a reference */
struct round {
	struct clean *clean;       /* NULL: closed meanwhile                 */
	struct filestore *fs;
	struct file_key filev[BATCH];
	uint8_t gonev[BATCH][GUID_SIZE];
	size_t filec, gonec;
	struct file_left leftv[BATCH];
	bool knownv[BATCH];
	size_t leftc;
	unsigned age_s;
};

struct clean {
	struct web *web;
	struct tmr tmr;
	struct round *round;       /* under way                              */
};

static uint64_t n_removed, n_left, n_failed;

static const struct stats_row rowv[] = {
	{ "files_removed",      &n_removed, false,
	  "Files removed that nobody could come by any more" },
	{ "files_left_removed", &n_left,    false,
	  "Parts of uploads removed that were never finished" },
	{ "files_clean_failed", &n_failed,  false,
	  "Rounds of removing files that were broken off" },
};

static void begin(void *arg);


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void round_destructor(void *data)
{
	struct round *round = data;

	mem_deref(round->fs);
}


static uint32_t setting(const struct clean *clean, const char *key)
{
	return (uint32_t)config_uint(clean->web->conf, key);
}


/* -------------------------------------------------------------- step by step */

static void end(struct round *round, bool again)
{
	struct clean *clean = round->clean;

	if (!clean)
		return;

	tmr_start(&clean->tmr, again ? 0 : (uint64_t)1000 *
		  setting(clean, "files.clean_s"), begin, clean);
	round->clean = NULL;
	clean->round = mem_deref(clean->round);
}


static void broken_off(struct round *round)
{
	if (round->clean)
		++n_failed;
	end(round, false);
}


static void ask(struct round *round, const char *stmt, struct db_args *args,
		db_h *h)
{
	struct db *db = round->clean->web->db;

	mem_ref(round);
	if (db_exec(db, stmt, args, h, round)) {
		broken_off(round);
		mem_deref(round);
	}
}


static void work(struct round *round, worker_job_h *jobh, worker_done_h *doneh)
{
	if (worker_submit(round->clean->web->worker, jobh, doneh, round))
		broken_off(round);
}


/* ------------------------------------------------------ what was left aside */

static void sweep_job(void *arg)
{
	const struct round *round = arg;
	size_t i;

	for (i = 0; i < round->leftc; i++)
		filestore_sweep(round->fs, &round->leftv[i],
				!round->knownv[i]);
}


static void sweep_done(void *arg)
{
	struct round *round = arg;

	n_left += round->leftc;
	log_info("files.left_removed", "count=%zu", round->leftc);
	end(round, round->filec == BATCH || round->leftc == BATCH);
}


static void mark_known(struct round *round, const uint8_t *id)
{
	size_t i;

	for (i = 0; i < round->leftc; i++) {
		if (!memcmp(round->leftv[i].key.id, id, GUID_SIZE))
			round->knownv[i] = true;
	}
}


static void known_handler(int err, const struct db_res *res, void *arg)
{
	struct round *round = arg;
	uint32_t i;

	if (err || !round->clean) {
		broken_off(round);
	}
	else {
		for (i = 0; i < db_rows(res); i++)
			mark_known(round, db_get_uuid(res, i, 0));
		work(round, sweep_job, sweep_done);
	}
	mem_deref(round);
}


static void left_job(void *arg)
{
	struct round *round = arg;

	round->leftc = filestore_left(round->fs, round->age_s, round->leftv,
				      BATCH);
}


static void left_done(void *arg)
{
	struct round *round = arg;
	uint8_t idv[BATCH][GUID_SIZE];
	struct db_args args;
	size_t i;

	if (!round->clean || !round->leftc) {
		end(round, round->filec == BATCH);
		return;
	}

	for (i = 0; i < round->leftc; i++)
		memcpy(idv[i], round->leftv[i].key.id, GUID_SIZE);
	db_args_init(&args);
	db_uuidv(&args, (const uint8_t (*)[GUID_SIZE])idv, round->leftc);
	ask(round, "files_known", &args, known_handler);
}


/* --------------------------------------------------- what the store gave up */

static void forgotten_handler(int err, const struct db_res *res, void *arg)
{
	struct round *round = arg;

	(void)res;

	if (err || !round->clean) {
		broken_off(round);
	}
	else {
		n_removed += round->gonec;
		log_info("files.removed", "count=%zu", round->gonec);
		work(round, left_job, left_done);
	}
	mem_deref(round);
}


/* What cannot be removed is named again in the next round */
static void remove_job(void *arg)
{
	struct round *round = arg;
	size_t i;

	for (i = 0; i < round->filec; i++) {
		if (!filestore_remove(round->fs, &round->filev[i]))
			memcpy(round->gonev[round->gonec++],
			       round->filev[i].id, GUID_SIZE);
	}
}


static void remove_done(void *arg)
{
	struct round *round = arg;
	struct db_args args;

	if (!round->clean || !round->gonec) {
		broken_off(round);
		return;
	}

	db_args_init(&args);
	db_uuidv(&args, (const uint8_t (*)[GUID_SIZE])round->gonev,
		 round->gonec);
	ask(round, "files_forget", &args, forgotten_handler);
}


static void read_file(struct file_key *key, const struct db_res *res,
		      uint32_t row)
{
	const struct pl ext = db_get_text(res, row, 2);

	memcpy(key->room, db_get_uuid(res, row, 0), GUID_SIZE);
	memcpy(key->id, db_get_uuid(res, row, 1), GUID_SIZE);
	(void)pl_strcpy(&ext, key->ext, sizeof(key->ext));
}


static void files_handler(int err, const struct db_res *res, void *arg)
{
	struct round *round = arg;
	uint32_t i;

	if (err || !round->clean) {
		broken_off(round);
		goto out;
	}

	for (i = 0; i < db_rows(res) && i < BATCH; i++)
		read_file(&round->filev[i], res, i);
	round->filec = i;
	if (i)
		work(round, remove_job, remove_done);
	else
		work(round, left_job, left_done);

 out:
	mem_deref(round);
}


static void forget_sessions(const struct clean *clean)
{
	struct db_args args;

	db_args_init(&args);
	db_int4(&args, (int32_t)setting(clean, "session.idle_s"));
	db_int4(&args, (int32_t)setting(clean, "session.age_s"));
	(void)db_exec(clean->web->db, "web_session_sweep", &args, NULL, NULL);
}


static void forget_pieces(const struct clean *clean)
{
	struct db_args args;

	db_args_init(&args);
	db_int4(&args, (int32_t)setting(clean, "files.partial_s"));
	(void)db_exec(clean->web->db, "file_pieces_clean", &args, NULL, NULL);
}


static void begin(void *arg)
{
	struct clean *clean = arg;
	struct round *round = mem_zalloc(sizeof(*round), round_destructor);
	struct db_args args;

	if (!round) {
		tmr_start(&clean->tmr, 1000, begin, clean);
		return;
	}

	clean->round = round;
	round->clean = clean;
	round->fs    = mem_ref(clean->web->files);
	round->age_s = setting(clean, "files.partial_s");
	forget_sessions(clean);
	forget_pieces(clean);

	db_args_init(&args);
	db_int4(&args, (int32_t)setting(clean, "files.remove_after_h"));
	db_int4(&args, BATCH);
	ask(round, "files_clean", &args, files_handler);
}


static void destructor(void *data)
{
	struct clean *clean = data;

	tmr_cancel(&clean->tmr);
	if (clean->round)
		clean->round->clean = NULL;
	mem_deref(clean->round);
}


int clean_open(struct clean **cleanp, struct web *web)
{
	struct clean *clean = mem_zalloc(sizeof(*clean), destructor);

	if (!clean)
		return ENOMEM;

	clean->web = web;
	tmr_start(&clean->tmr, (uint64_t)1000 *
		  setting(clean, "files.clean_s"), begin, clean);
	*cleanp = clean;

	return 0;
}
