/**
 * @file compliance/supervise.c  The processes of the adapters
 *
 * A process is another start of our own program (compliance/worker.h); a
 * descriptor of the kernel's tells the loop of its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <re.h>
#include "common/json.h"
#include "common/log.h"
#include "common/stats.h"
#include "compliance/adapter_load.h"
#include "compliance/supervise.h"
#include "compliance/worker.h"

enum {
	BACKOFF_MIN_MS = 1000, BACKOFF_MAX_MS = 60000,
	GOOD_MS = 60000,           /* lived so long: it did not die at once */
};

struct child {
	struct le le;
	struct supervise *s;
	struct adapter_spec *spec;
	const char *name;
	char *path;
	pid_t pid;                 /* 0: none                             */
	int pidfd, input;          /* -1                                  */
	uint64_t started;
	uint32_t backoff_ms;
	uint32_t deaths;
	struct tmr tmr;
};

struct supervise {
	char *program, *staging, *files;
	bool enabled;
	struct list childl;
};

static uint64_t n_started, n_died;

static const struct stats_row rowv[] = {
	{ "adapter_starts", &n_started, false,
	  "Processes of adapters started" },
	{ "adapter_deaths", &n_died, false,
	  "Processes of adapters that ended without being asked to" },
};

static void start(void *arg);


static void __attribute__((constructor)) init(void)
{
	stats_register(rowv, ARRAY_SIZE(rowv));
}


static void destructor(void *data)
{
	struct supervise *s = data;

	list_flush(&s->childl);
	mem_deref(s->program);
	mem_deref(s->staging);
	mem_deref(s->files);
}


static void close_fd(int *fdp)
{
	if (*fdp >= 0)
		(void)close(*fdp);
	*fdp = -1;
}


static void forget(struct child *c)
{
	if (c->pidfd >= 0)
		fd_close(c->pidfd);
	close_fd(&c->pidfd);
	close_fd(&c->input);
	c->pid = 0;
}


/* It goes on to the end of its delivery, and nobody waits for it */
static void child_destructor(void *data)
{
	struct child *c = data;

	tmr_cancel(&c->tmr);
	forget(c);
	list_unlink(&c->le);
	mem_deref(c->spec);
	mem_deref(c->path);
}


static void again(struct child *c)
{
	if (!c->s->enabled)
		return;

	tmr_start(&c->tmr, c->backoff_ms, start, c);
	c->backoff_ms = min(2 * c->backoff_ms, (uint32_t)BACKOFF_MAX_MS);
}


static void tell_end(const struct child *c, int status)
{
	if (WIFSIGNALED(status))
		log_err("adapter.died", "name=%s signal=%d(%s) again_ms=%u",
			c->name, WTERMSIG(status),
			sigabbrev_np(WTERMSIG(status)), c->backoff_ms);
	else
		log_err("adapter.died", "name=%s status=%d again_ms=%u",
			c->name, WEXITSTATUS(status), c->backoff_ms);
}


static void end_handler(int flags, void *arg)
{
	struct child *c = arg;
	const bool asked = c->input < 0;
	int status = 0;
	(void)flags;

	if (waitpid(c->pid, &status, WNOHANG) == 0)
		return;

	forget(c);

	if (tmr_jiffies() - c->started > GOOD_MS)
		c->backoff_ms = BACKOFF_MIN_MS;

	if (!asked) {
		++n_died;
		++c->deaths;
		tell_end(c, status);
	}

	again(c);
}


/* Not in its arguments or environment: others could read them */
static int order(const struct child *c, int fd)
{
	json_t *obj;
	char *text;
	ssize_t n = -1;

	obj = json_pack("{s:s, s:s, s:s*, s:s}", "staging", c->s->staging,
			"file", c->path, "files", c->s->files,
			"log", log_level_name(log_level_get()));
	text = obj ? json_dumps(obj, JSON_COMPACT) : NULL;
	json_decref(obj);

	if (text)
		n = dprintf(fd, "%s\n", text);
	free(text);

	return n > 0 ? 0 : EPIPE;
}


static int spawn(struct child *c, int input)
{
	char *argv[] = { "pchat-compliance", WORKER_ARG, NULL };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	sigset_t none, all;
	int err;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	(void)posix_spawn_file_actions_init(&fa);
	(void)posix_spawnattr_init(&at);

	err = posix_spawn_file_actions_adddup2(&fa, input, STDIN_FILENO);
	if (!err)
		err = posix_spawn_file_actions_addclosefrom_np(&fa, 3);
	if (!err)
		err = posix_spawnattr_setsigmask(&at, &none);
	if (!err)
		err = posix_spawnattr_setsigdefault(&at, &all);
	if (!err)
		err = posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK |
					       POSIX_SPAWN_SETSIGDEF);
	if (!err)
		err = posix_spawn(&c->pid, c->s->program, &fa, &at, argv,
				  environ);

	(void)posix_spawn_file_actions_destroy(&fa);
	(void)posix_spawnattr_destroy(&at);

	return err;
}


static int watch(struct child *c)
{
	c->pidfd = pidfd_open(c->pid, 0);

	return c->pidfd < 0 ? errno :
		fd_listen(c->pidfd, FD_READ, end_handler, c);
}


static int start_child(struct child *c)
{
	int fdv[2], err;

	if (pipe2(fdv, O_CLOEXEC))
		return errno;

	c->input = fdv[1];
	err = spawn(c, fdv[0]);
	(void)close(fdv[0]);
	if (err)
		return err;

	c->started = tmr_jiffies();
	++n_started;

	err = watch(c);

	return err ? err : order(c, c->input);
}


static void start(void *arg)
{
	struct child *c = arg;
	int err;

	if (c->pid || !c->s->enabled)
		return;

	err = start_child(c);
	if (err) {
		log_err("adapter.start", "name=%s error=\"%m\"", c->name, err);
		forget(c);
		again(c);
		return;
	}

	log_info("adapter.started", "name=%s process=%d", c->name,
		 (int)c->pid);
}


int supervise_alloc(struct supervise **sp, const struct supervise_conf *conf)
{
	struct supervise *s;
	int err;

	if (!sp || !conf || !conf->program || !conf->staging)
		return EINVAL;

	s = mem_zalloc(sizeof(*s), destructor);
	if (!s)
		return ENOMEM;

	err = str_dup(&s->program, conf->program);
	if (!err)
		err = str_dup(&s->staging, conf->staging);
	if (!err && conf->files)
		err = str_dup(&s->files, conf->files);

	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}


static bool has_name(struct le *le, void *arg)
{
	const struct child *c = le->data;

	return !strcmp(c->name, arg);
}


static struct child *find(const struct supervise *s, const char *name)
{
	return list_ledata(list_apply(&s->childl, true, has_name,
				      (void *)name));
}


static int child_fill(struct child *c, const char *path, struct mbuf *errmb)
{
	int err;

	err = adapter_peek(&c->spec, path, errmb);
	if (!err)
		err = str_dup(&c->path, path);
	if (err)
		return err;

	c->name = adapter_spec_common(c->spec)->name;
	if (find(c->s, c->name)) {
		(void)mbuf_printf(errmb, "%s: adapter.name: another adapter "
				  "is called %s", path, c->name);
		return EEXIST;
	}

	return 0;
}


int supervise_add(struct supervise *s, const char *path, struct mbuf *errmb)
{
	struct child *c;
	int err;

	if (!s || !path || !errmb)
		return EINVAL;

	c = mem_zalloc(sizeof(*c), child_destructor);
	if (!c)
		return ENOMEM;

	c->s = s;
	c->pidfd = c->input = -1;
	c->backoff_ms = BACKOFF_MIN_MS;

	err = child_fill(c, path, errmb);
	if (err)
		mem_deref(c);
	else
		list_append(&s->childl, &c->le, c);

	return err;
}


void supervise_enable(struct supervise *s, bool enable)
{
	struct le *le;

	s->enabled = enable;

	LIST_FOREACH(&s->childl, le) {

		struct child *c = le->data;

		if (enable) {
			start(c);
		}
		else {
			tmr_cancel(&c->tmr);
			close_fd(&c->input);
		}
	}
}


size_t supervise_count(const struct supervise *s)
{
	return list_count(&s->childl);
}


void supervise_nth(const struct supervise *s, size_t n, struct pl *name,
		   struct pl *type, bool *required)
{
	const struct adapter_common *common;
	const struct le *le = s->childl.head;

	while (n--)
		le = le->next;

	common = adapter_spec_common(((struct child *)le->data)->spec);
	pl_set_str(name, common->name);
	pl_set_str(type, common->type);
	*required = common->required;
}


pid_t supervise_pid(const struct supervise *s, const char *name,
		    uint32_t *deathsp)
{
	const struct child *c = find(s, name);

	*deathsp = c ? c->deaths : 0;

	return c ? c->pid : 0;
}
