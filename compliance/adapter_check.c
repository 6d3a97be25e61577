/**
 * @file compliance/adapter_check.c  Are the adapters as they must be?
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <re.h>
#include "common/check.h"
#include "common/conf.h"
#include "common/db/bstore.h"
#include "common/db/db.h"
#include "compliance/adapter_check.h"
#include "compliance/adapter_load.h"
#include "compliance/delivery.h"
#include "compliance/outdir.h"

/* One adapter, and what those before it have */
struct adapters {
	struct check *ck;
	const char *key;
	size_t nth;                /* of the key's values               */
	const char *path, *name;   /* of its file; its own              */
	struct bstore *st;         /* NULL: it does not answer          */
	FILE *null;                /* for what it says                  */
	char *dirv[ADAPTERS_MAX];  /* their directories, resolved       */
	char *namev[ADAPTERS_MAX];
	size_t n;
};

#define wrong(a, ...) \
	check_wrong_nth((a)->ck, (a)->key, (a)->nth, __VA_ARGS__)
#define wrong_dir(a, dir, fmt, ...) \
	wrong(a, "adapter.directory: %s: " fmt, dir, __VA_ARGS__)


/* ------------------------------------------------------- its file and code */

static int open_it(const struct adapters *a, struct mbuf *mb)
{
	struct adapter_spec *spec = NULL;
	struct delivery *d = NULL;
	int err;

	err = adapter_load(&spec, a->path, mb);
	if (!err && !adapter_spec_common(spec)->dir &&
	    adapter_spec_writes(spec)) {
		(void)mbuf_printf(mb, "adapter.directory: is required: %s"
				  " writes files",
				  adapter_spec_common(spec)->type);
		err = EBADMSG;
	}
	if (!err && a->ck->thorough)
		err = delivery_open(&d, a->path, NULL,
				    config_str(a->ck->conf, "files.archive"),
				    mb);
	mem_deref(d);
	mem_deref(spec);

	return err;
}


/* What is wrong, in one line; empty: nothing.  The adapter itself complains on
   the log */
static void problem(char *buf, size_t size, const struct adapters *a)
{
	struct mbuf *mb = mbuf_alloc(256);
	const int err = mb ? open_it(a, mb) : ENOMEM;

	if (err && mb && mb->end)
		(void)re_snprintf(buf, size, "%b", mb->buf, mb->end);
	else if (err)
		(void)re_snprintf(buf, size, "%m", err);
	mem_deref(mb);
}


/* In a process of its own: a plug-in's code has no business in the daemon's,
   which runs no adapter itself */
static void check_code(struct adapters *a)
{
	char buf[1024] = "";
	int fdv[2], status = 0;
	ssize_t n;
	pid_t pid;

	if (pipe(fdv))
		return;

	pid = fork();
	if (pid == 0) {
		problem(buf, sizeof(buf), a);
		n = write(fdv[1], buf, strlen(buf));
		_exit(n < 0);
	}

	(void)close(fdv[1]);
	n = read(fdv[0], buf, sizeof(buf) - 1);
	(void)close(fdv[0]);
	buf[n > 0 ? n : 0] = '\0';

	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		wrong(a, "loading it killed a process");
	else if (*buf)
		wrong(a, "%s", buf);
}


static void check_name(struct adapters *a)
{
	for (size_t i = 0; i < a->n; i++) {
		if (!strcmp(a->namev[i], a->name))
			wrong(a, "adapter.name: %s is the name of another"
			      " adapter", a->name);
	}
}


/* ----------------------------------------------------------- its directory */

/* Two names of one directory are one directory */
static bool is_shared(struct adapters *a, const char *dir, const char *real)
{
	for (size_t i = 0; i < a->n; i++) {
		if (!a->dirv[i] || strcmp(a->dirv[i], real))
			continue;
		wrong_dir(a, dir, "each adapter needs one of its own, this one"
			  " is that of %s", a->namev[i]);
		return true;
	}

	return false;
}


/* Whose chain it is only the compliance store can tell */
static void check_chain(struct adapters *a, const char *dir,
			const struct outdir_id *id)
{
	const char *argv[] = { a->name };
	PGresult *res = NULL;
	bool same;

	if (!a->st || bstore_query(a->st, &res, "delivery_chain", argv, 1))
		return;

	same = PQntuples(res) ? !strcmp(PQgetvalue(res, 0, 0), id->chain) ||
		*PQgetvalue(res, 0, 5) == 't' : false;
	PQclear(res);

	if (!same)
		wrong_dir(a, dir, "it belongs to another chain of manifests"
			  " than the compliance store knows of this adapter:"
			  " give an empty one, or see pchatctl compliance"
			  " adopt %s", a->name);
}


static void check_identity(struct adapters *a, const char *dir)
{
	struct outdir_id id;
	const int err = outdir_read_id(&id, dir);

	if (err == ENOENT)
		return;

	if (err)
		wrong_dir(a, dir, OUTDIR_IDENTITY " cannot be read: %s",
			  strerror(err));
	else if (strcmp(id.adapter, a->name))
		wrong_dir(a, dir, "it belongs to adapter %s", id.adapter);
	else
		check_chain(a, dir, &id);
}


static void check_dir(struct adapters *a, const char *dir)
{
	char real[PATH_MAX];
	struct stat st;

	if (stat(dir, &st) || !realpath(dir, real)) {
		/* Away now, it may be there when a batch comes: events are
		   taken */
		if (a->ck->thorough)
			wrong_dir(a, dir, "%s", strerror(errno));
	}
	else if (!S_ISDIR(st.st_mode)) {
		wrong_dir(a, dir, "%s", "is not a directory");
	}
	else if (access(dir, W_OK | X_OK)) {
		wrong_dir(a, dir, "cannot be written to: %s", strerror(errno));
	}
	else if (!is_shared(a, dir, real)) {
		check_identity(a, dir);
		(void)str_dup(&a->dirv[a->n], real);
	}
}


/* --------------------------------------------------------------------- all */

static void check_one(struct adapters *a)
{
	struct mbuf *mb = mbuf_alloc(256);
	struct adapter_spec *spec = NULL;
	const unsigned before = a->ck->wrong;

	check_code(a);
	if (a->ck->wrong == before && mb &&
	    !adapter_peek(&spec, a->path, mb)) {

		const struct adapter_common *common =
			adapter_spec_common(spec);

		a->name = common->name;
		check_name(a);
		if (common->dir)
			check_dir(a, common->dir);
		if (!str_dup(&a->namev[a->n], common->name))
			++a->n;
	}

	mem_deref(spec);
	mem_deref(mb);
}


static void ask_store(struct adapters *a)
{
	a->null = fopen("/dev/null", "w");
	if (!a->null)
		return;

	if (bstore_open(&a->st, &sql_compliance,
			config_str(a->ck->conf, "staging.conninfo"), a->null))
		a->st = NULL;
	else if (bstore_check_schema(a->st))
		a->st = mem_deref(a->st);
}


void adapter_check(struct check *ck, const char *key)
{
	struct adapters a = { .ck = ck, .key = key };

	if (ck->thorough && config_nth(ck->conf, key, 0))
		ask_store(&a);

	for (; (a.path = config_nth(ck->conf, key, a.nth)); a.nth++) {
		if (a.nth == ADAPTERS_MAX) {
			wrong(&a, "there may be %d adapters", ADAPTERS_MAX);
			break;
		}
		check_one(&a);
	}

	while (a.n) {
		--a.n;
		mem_deref(a.dirv[a.n]);
		mem_deref(a.namev[a.n]);
	}
	mem_deref(a.st);
	if (a.null)
		(void)fclose(a.null);
}
