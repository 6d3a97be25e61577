/**
 * @file compliance/adapter/exec.c  A command that takes a batch on its input
 *
 * Its exit status is the answer: 0 taken, 75 (EX_TEMPFAIL) later, anything
 * else refused.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/adapter/builtin.h"
#include "compliance/adapter/child.h"
#include "compliance/adapter/jsonline.h"
#include "compliance/adapter/place.h"
#include "compliance/adapter/setting.h"


enum { ARG_MAX_C = 64, ENV_C = 6, NOT_RUN = 127 };

struct exec {
	const struct adapter_host *host;
	struct jsonline_opt opt;
	char *name;
	char *argv[ARG_MAX_C + 2];
	uint64_t timeout_s;
};

static const struct adapter_key keyv[] = {
	{ "command", NULL,
	  "Path of the program; no shell, no search.  It gets the batch on its"
	  " standard input in the form of jsonl, and PCHAT_BATCH, PCHAT_FROM,"
	  " PCHAT_TO, PCHAT_ADAPTER and PCHAT_REPLAY in its environment." },
	{ "argument", NULL, "One argument; as often as there are any." },
	{ "timeout_s", "300",
	  "Beyond it the program is killed and tried again later; 1 to 86400." },
	JSONLINE_KEYS("yes"),
};


static void destructor(void *data)
{
	struct exec *ex = data;

	mem_deref(ex->name);
	for (size_t i = 0; i < ARRAY_SIZE(ex->argv); i++)
		mem_deref(ex->argv[i]);
}


static void read_argv(struct exec *ex, struct settings *set)
{
	const char *arg = setting_need(set, "command");

	if (*arg && (*arg != '/' || access(arg, X_OK)))
		setting_complain(set, EINVAL, "command",
				 "is no absolute path of a program");

	for (size_t i = 0; arg && !set->err; i++) {

		if (i > ARG_MAX_C) {
			setting_complain(set, E2BIG, "argument",
					 "there are more than 64");
			return;
		}

		set->err = str_dup(&ex->argv[i], arg);
		arg = setting_nth(set, "argument", i);
	}
}


static int exec_open(void **statep, const struct adapter_setting *settingv,
		     size_t settingc, const struct adapter_host *host)
{
	struct settings set;
	struct exec *ex;
	const char *name;

	ex = mem_zalloc(sizeof(*ex), destructor);
	if (!ex)
		return ENOMEM;

	settings_init(&set, &adapter_exec, settingv, settingc, host);
	ex->host      = host;
	ex->timeout_s = setting_uint(&set, "timeout_s", 1, 86400);
	jsonline_opt_read(&ex->opt, &set);
	read_argv(ex, &set);

	name = setting_str(&set, "name");
	if (!set.err)
		set.err = str_dup(&ex->name, name ? name : "exec");

	if (set.err)
		mem_deref(ex);
	else
		*statep = ex;

	return set.err;
}


static void line_handler(const char *line, void *arg)
{
	const struct exec *ex = arg;

	ex->host->log(ex->host->arg, ADAPTER_WARN, "command: %s", line);
}


static int make_env(char *envv[ENV_C + 1], const struct exec *ex,
		    const struct adapter_batch *batch)
{
	char from[PLACE_TS_SIZE], to[PLACE_TS_SIZE];
	const char *path = getenv("PATH");
	int err;

	err = re_sdprintf(&envv[0], "PATH=%s",
			  path ? path : "/usr/local/bin:/usr/bin:/bin");
	if (!err)
		err = re_sdprintf(&envv[1], "PCHAT_ADAPTER=%s", ex->name);
	if (!err)
		err = re_sdprintf(&envv[2], "PCHAT_BATCH=%llu", batch->id);
	if (!err)
		err = re_sdprintf(&envv[3], "PCHAT_FROM=%s",
				  place_ts(from, batch->from_us));
	if (!err)
		err = re_sdprintf(&envv[4], "PCHAT_TO=%s",
				  place_ts(to, batch->to_us));
	if (!err)
		err = re_sdprintf(&envv[5], "PCHAT_REPLAY=%d", batch->replay);

	return err;
}


static int feed(const struct exec *ex, struct child *c,
		const struct adapter_batch *batch)
{
	struct jsonline jl = { .batch = batch, .opt = ex->opt };
	struct mbuf *mb = mbuf_alloc(4096);
	int err = mb ? 0 : ENOMEM;

	while (!err) {
		mbuf_rewind(mb);
		err = jsonline_next(&jl, mb);
		if (!err)
			err = child_write(c, mb->buf, mb->end);
	}

	mem_deref(mb);

	return err == ENOENT ? 0 : err;
}


/* What the end of the program means for the batch */
static enum adapter_verdict verdict(int status, bool fed, char *errbuf,
				    size_t errsize)
{
	if (WIFSIGNALED(status)) {
		(void)re_snprintf(errbuf, errsize,
				  "the command ended by signal %d",
				  WTERMSIG(status));
		return ADAPTER_LATER;
	}

	switch (WEXITSTATUS(status)) {

	case 0:
		if (fed)
			return ADAPTER_TAKEN;
		(void)re_snprintf(errbuf, errsize, "the command ended with 0"
				  " before it had read the batch");
		return ADAPTER_REFUSED;

	case EX_TEMPFAIL:
		(void)re_snprintf(errbuf, errsize, "the command asks to be"
				  " tried again (exit status 75)");
		return ADAPTER_LATER;

	case NOT_RUN:
		(void)re_snprintf(errbuf, errsize,
				  "the command cannot be run");
		return ADAPTER_LATER;

	default:
		(void)re_snprintf(errbuf, errsize,
				  "the command ended with exit status %d",
				  WEXITSTATUS(status));
		return ADAPTER_REFUSED;
	}
}


static enum adapter_verdict run(const struct exec *ex,
				const struct adapter_batch *batch,
				const char *const *envv, char *errbuf,
				size_t errsize)
{
	const struct child_opt opt = {
		.argv = (const char *const *)ex->argv, .envv = envv,
		.timeout_ms = ex->timeout_s * 1000,
		.lineh = line_handler, .arg = (void *)ex,
	};
	struct child *c = NULL;
	int err, feed_err, status = 0;

	err = child_start(&c, &opt);
	if (err)
		return place_result(err, "command", errbuf, errsize);

	err = feed_err = feed(ex, c, batch);
	if (!err || err == EPIPE)
		err = child_wait(c, &status);

	mem_deref(c);

	if (!err || err == EPIPE)
		return verdict(status, !err && !feed_err, errbuf, errsize);

	return place_result(err, "command", errbuf, errsize);
}


static enum adapter_verdict exec_deliver(void *state,
					 const struct adapter_batch *batch,
					 char *errbuf, size_t errsize)
{
	char *envv[ENV_C + 1] = { NULL };
	enum adapter_verdict v;
	int err;

	err = make_env(envv, state, batch);
	if (err)
		v = place_result(err, "command", errbuf, errsize);
	else
		v = run(state, batch, (const char *const *)envv, errbuf,
			errsize);

	for (size_t i = 0; i < ENV_C; i++)
		mem_deref(envv[i]);

	return v;
}


const struct adapter adapter_exec = {
	.abi     = ADAPTER_ABI,
	.name    = "exec",
	.help    = "Runs a command with the batch on its standard input.",
	.keyv    = keyv,
	.keyc    = ARRAY_SIZE(keyv),
	.open    = exec_open,
	.deliver = exec_deliver,
	.close   = place_leave,
};
