/**
 * @file compliance/checks.c  What pchat-compliance checks before it starts
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <re.h>
#include "common/check.h"
#include "common/conf.h"
#include "common/db/db.h"
#include "compliance/adapter_load.h"
#include "compliance/checks.h"


/* What is wrong, in one line; empty: nothing */
static void problem(char *buf, size_t size, const char *path)
{
	struct mbuf *mb = mbuf_alloc(256);
	struct adapter_spec *spec = NULL;
	const struct adapter_common *common;
	int err = mb ? adapter_load(&spec, path, mb) : ENOMEM;

	*buf = '\0';
	if (err) {
		(void)re_snprintf(buf, size, "%b", mb ? mb->buf : NULL,
				  mb ? mb->end : (size_t)0);
	}
	else {
		common = adapter_spec_common(spec);
		if (!common->dir && adapter_spec_writes(spec))
			(void)re_snprintf(buf, size, "adapter.directory: is"
					  " required: %s writes files",
					  common->type);
		else if (common->dir && access(common->dir, W_OK | X_OK))
			(void)re_snprintf(buf, size, "adapter.directory: %s:"
					  " %m", common->dir, errno);
	}

	mem_deref(spec);
	mem_deref(mb);
}


/* In a process of its own: a plug-in's code has no business in the daemon's,
   which runs no adapter itself */
static void tried(struct check *ck, const char *key, size_t nth,
		  const char *path)
{
	char buf[1024] = "";
	int fdv[2], status = 0;
	ssize_t n;
	pid_t pid;

	if (pipe(fdv))
		return;

	pid = fork();
	if (pid == 0) {
		problem(buf, sizeof(buf), path);
		n = write(fdv[1], buf, strlen(buf));
		_exit(n < 0);
	}

	(void)close(fdv[1]);
	n = read(fdv[0], buf, sizeof(buf) - 1);
	(void)close(fdv[0]);
	buf[n > 0 ? n : 0] = '\0';

	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		check_wrong_nth(ck, key, nth, "loading it killed a process");
	else if (*buf)
		check_wrong_nth(ck, key, nth, "%s", buf);
}


static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}


/* Names, and directories, are one adapter's alone */
static void distinct(struct check *ck, const char *key, size_t nth,
		     const char *path)
{
	const char *other;

	for (size_t i = 0; i < nth; i++) {

		struct adapter_spec *a = NULL, *b = NULL;
		struct mbuf *mb = mbuf_alloc(256);

		other = config_nth(ck->conf, key, i);
		if (mb && !adapter_peek(&a, path, mb) &&
		    !adapter_peek(&b, other, mb)) {
			if (same(adapter_spec_common(a)->name,
				 adapter_spec_common(b)->name))
				check_wrong_nth(ck, key, nth, "%s has the same"
						" adapter.name", other);
			if (same(adapter_spec_common(a)->dir,
				 adapter_spec_common(b)->dir))
				check_wrong_nth(ck, key, nth, "%s has the same"
						" adapter.directory", other);
		}
		mem_deref(a);
		mem_deref(b);
		mem_deref(mb);
	}
}


static void adapters(struct check *ck, const char *key)
{
	const char *path;

	for (size_t i = 0; (path = config_nth(ck->conf, key, i)); i++) {
		tried(ck, key, i, path);
		distinct(ck, key, i, path);
	}
}


static void readable(struct check *ck, const char *key)
{
	const char *value = config_str(ck->conf, key);
	struct stat st;

	if (!str_isset(value))
		return;

	if (stat(value, &st) || access(value, R_OK | X_OK))
		check_wrong(ck, key, "cannot be read: %s", strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		check_wrong(ck, key, "is not a directory");
	if (!str_isset(config_str(ck->conf, "files.archive")))
		check_wrong(ck, key, "needs files.archive");
}


const struct check_row compliance_checkv[] = {
	{ "store.conninfo",   check_conninfo   },
	{ "staging.conninfo", check_conninfo   },
	{ "queue.listen",     check_bus        },
	{ "lease.period_ms",  check_lease      },
	{ "adapter",          adapters         },
	{ "files.store",      readable         },
	{ "files.archive",    check_folder     },
	{ "ctl.socket",       check_file_place },
};

const size_t compliance_checkc = ARRAY_SIZE(compliance_checkv);

const struct check_store compliance_storev[] = {
	{ "store.conninfo", &sql_store, "compliance" },
	{ "staging.conninfo", &sql_compliance, "compliance" },
	{ NULL, NULL, NULL },
};
