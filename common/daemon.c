/**
 * @file common/daemon.c  The skeleton of every daemon: from main() to main()
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <re.h>
#include "common/check.h"
#include "common/conf.h"
#include "common/ctl.h"
#include "common/daemon.h"
#include "common/daemon_opt.h"
#include "common/harden.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/password.h"
#include "common/sigpipe.h"
#include "common/stats.h"
#include "common/wheel.h"


enum { FDS_MAX = 1<<18 };          /* a table of 10 MB in libre          */

/* One process is one daemon: signals and daemon_stop() have nothing else */
static struct {
	const struct daemon_spec *spec;
	struct conf_key *keyv;     /* the service's and ours             */
	size_t keyc;
	struct config *conf;
	struct ctl *ctl;
	void *svc;
	uint64_t since;            /* jiffies of the start               */
	bool ready, draining, leaving, stopped, failed;
} dm;

static const struct conf_key own_keyv[] = {
	{ "log.level", CONF_ENUM, NULL, "info", 0, 0, CONF_RELOAD,
	  "error warning info debug",
	  "How much is logged on standard error." },
	{ "ctl.socket", CONF_STR, NULL, NULL, 0, 0, 0, NULL,
	  "Path of the control socket, a UNIX socket of mode 0600."
	  "  Without it there is none." },
	{ "process.core_dumps", CONF_BOOL, NULL, "no", 0, 0, 0, NULL,
	  "Whether a crash may leave a core dump and debuggers may attach.  Both "
	  "show what people said, and keys." },
};


static void log_level_apply(void)
{
	enum log_level level;

	if (!log_level_parse(&level, config_str(dm.conf, "log.level")))
		log_level_set(level);
}


static int reload(struct mbuf *errmb)
{
	int err;

	err = config_reload(dm.conf, errmb);
	if (err) {
		log_err("conf.reload_failed", "error=\"%b\"", errmb->buf,
			errmb->end);
		return err;
	}

	log_level_apply();
	if (dm.spec->reload)
		dm.spec->reload(dm.svc);

	log_info("conf.reloaded", NULL);

	return 0;
}


static void drain(void)
{
	if (dm.draining)
		return;

	dm.draining = true;
	log_info("daemon.drain", NULL);

	if (dm.spec->drain)
		dm.spec->drain(dm.svc);
	else
		daemon_stop();
}


void daemon_ready(void)
{
	if (dm.ready)
		return;

	dm.ready = true;
	log_info("daemon.ready", "version=" PCHAT_VERSION);
	notify_supervisor("READY=1");
}


void daemon_stop(void)
{
	if (!dm.stopped) {
		dm.stopped = true;
		log_info("daemon.stop", NULL);
		notify_supervisor("STOPPING=1");
	}

	re_cancel();
}


/* Asked a second time, the service gets no time for good-byes */
static void stop(void)
{
	if (dm.leaving || !dm.svc || !dm.spec->stop) {
		daemon_stop();
		return;
	}

	dm.leaving = true;
	dm.spec->stop(dm.svc);
}


void daemon_fail(void)
{
	dm.failed = true;
	daemon_stop();
}


static const char *state(void)
{
	if (dm.stopped || dm.leaving)
		return "stopping";
	if (dm.svc && dm.spec->state)
		return dm.spec->state(dm.svc);
	if (dm.draining)
		return "draining";

	return dm.ready ? "ready" : "starting";
}


static json_t *ok(void)
{
	return json_pack("{s:b}", "ok", 1);
}


static json_t *ctl_status(const char *args, void *arg)
{
	json_t *obj = json_pack("{s:s, s:s, s:i, s:s, s:I}",
		"name", dm.spec->name, "state", state(),
		"pid", (int)getpid(), "version", PCHAT_VERSION,
		"uptime_s", (json_int_t)((tmr_jiffies() - dm.since) / 1000));

	if (obj && dm.svc && dm.spec->status)
		dm.spec->status(dm.svc, obj);

	return obj;
}


static void stats_handler(const struct stats_row *row, void *arg)
{
	(void)json_object_set_new(arg, row->name,
				  json_integer((json_int_t)*row->value));
}


static json_t *ctl_stats(const char *args, void *arg)
{
	json_t *obj = json_object();

	stats_apply(stats_handler, obj);

	return obj;
}


static json_t *ctl_reload(const char *args, void *arg)
{
	struct mbuf *errmb = mbuf_alloc(256);
	json_t *obj;

	if (!errmb)
		return NULL;

	if (reload(errmb))
		obj = json_pack("{s:s%}", "error", (char *)errmb->buf,
				errmb->end);
	else
		obj = ok();

	mem_deref(errmb);

	return obj;
}


static json_t *ctl_drain(const char *args, void *arg)
{
	drain();

	return ok();
}


static json_t *ctl_stop(const char *args, void *arg)
{
	stop();

	return ok();
}


static json_t *ctl_log(const char *args, void *arg)
{
	enum log_level level;

	if (*args) {
		if (log_level_parse(&level, args))
			return json_pack("{s:s}", "error",
				"the levels are error warning info debug");
		log_level_set(level);
	}

	return json_pack("{s:s}", "level", log_level_name(log_level_get()));
}


static const struct ctl_cmd cmdv[] = {
	{ "status", "State, process and version",            ctl_status },
	{ "stats",  "All counters",                          ctl_stats  },
	{ "reload", "Read the configuration again",          ctl_reload },
	{ "drain",  "Take no new work, stop when none is left", ctl_drain },
	{ "log",    "[LEVEL]: set the log level, or tell it", ctl_log   },
	{ "stop",   "Stop now",                              ctl_stop   },
};


static void signal_handler(int sig, void *arg)
{
	struct mbuf *errmb;

	switch (sig) {

	case SIGHUP:
		errmb = mbuf_alloc(256);
		if (errmb)
			(void)reload(errmb);
		mem_deref(errmb);
		break;

	case SIGUSR1:
		drain();
		break;

	default:
		stop();
		break;
	}
}


static int keys_merge(void)
{
	const struct daemon_spec *spec = dm.spec;
	const size_t own = ARRAY_SIZE(own_keyv);

	dm.keyc = spec->keyc + own;
	dm.keyv = mem_zalloc(dm.keyc * sizeof(*dm.keyv), NULL);
	if (!dm.keyv)
		return ENOMEM;

	memcpy(dm.keyv, spec->keyv, spec->keyc * sizeof(*dm.keyv));
	memcpy(dm.keyv + spec->keyc, own_keyv, sizeof(own_keyv));

	return 0;
}


static int config_open(const char *path)
{
	const struct check_store *st;
	struct mbuf *errmb;
	int err;

	errmb = mbuf_alloc(256);
	if (!errmb)
		return ENOMEM;

	err = config_load(&dm.conf, dm.keyv, dm.keyc, path, errmb);
	if (err == ENOMEM)
		(void)re_fprintf(stderr, "%m\n", err);
	else if (err)
		(void)re_fprintf(stderr, "%b\n", errmb->buf, errmb->end);

	for (st = dm.spec->storev; st && st->key && !err; ++st) {
		err = password_take(dm.conf, st->key, errmb);
		if (err)
			(void)re_fprintf(stderr, "%b\n", errmb->buf,
					 errmb->end);
	}

	mem_deref(errmb);

	return err;
}


/* As many descriptors as we may have, and libre told so before it uses any */
static int limits_raise(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim))
		return errno;

	lim.rlim_cur = lim.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &lim);

	if (getrlimit(RLIMIT_NOFILE, &lim))
		return errno;

	return fd_setsize((int)min(lim.rlim_cur, (rlim_t)FDS_MAX));
}


static int failed(const char *what, int err)
{
	log_err("daemon.failed", "in=%s error=\"%m\"", what, err);

	return EXIT_FAILED;
}


static int ctl_start(void)
{
	const char *path = config_str(dm.conf, "ctl.socket");
	int err;

	if (!str_isset(path))
		return 0;

	err = ctl_open(&dm.ctl, path);
	if (err)
		return err;

	ctl_register(dm.ctl, cmdv, ARRAY_SIZE(cmdv), NULL);

	return 0;
}


static int serve(void)
{
	int err, status = EXIT_OK;

	err = ctl_start();
	if (err)
		return failed("ctl.socket", err);

	err = dm.spec->open(&dm.svc, dm.conf, dm.ctl);
	if (err) {
		dm.svc = NULL;
		return failed("open", err);
	}

	if (!dm.stopped) {
		err = re_main(NULL);
		if (err)
			status = failed("loop", err);
	}

	if (dm.failed)
		status = EXIT_FAILED;

	/* a failed loop has not told the supervisor yet */
	daemon_stop();
	dm.spec->close(dm.svc);
	dm.svc = NULL;

	return status;
}


static int run(void)
{
	int err, status;

	log_open(dm.spec->name);
	log_level_apply();
	wheel_stats();
	dm.since = tmr_jiffies();

	err = harden(config_bool(dm.conf, "process.core_dumps"));
	if (!err)
		err = limits_raise();
	if (err)
		return failed("limits", err);

	err = libre_init();
	if (err)
		return failed("libre_init", err);

	err = sigpipe_open(signal_handler, NULL);
	if (err) {
		status = failed("signals", err);
		goto out;
	}

	status = serve();

 out:
	dm.ctl = mem_deref(dm.ctl);
	sigpipe_close();
	libre_close();

	return status;
}


/* A daemon with our configuration has the ports already */
static bool running(void)
{
	const char *path = config_str(dm.conf, "ctl.socket");
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, err;

	if (!str_isset(path))
		return false;

	str_ncpy(sun.sun_path, path, sizeof(sun.sun_path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;

	err = connect(fd, (struct sockaddr *)&sun, sizeof(sun));
	(void)close(fd);

	return !err;
}


/* The same before a start and for --check */
static bool checked(const struct daemon_opt *opt)
{
	struct check ck = {
		.conf = dm.conf, .f = stderr,
		.ports = opt->mode == MODE_RUN || (opt->connect && !running()),
		.thorough = opt->mode == MODE_CHECK,
	};

	check_run(&ck, dm.spec->checkv, dm.spec->checkc);
	if (!ck.wrong && opt->connect)
		check_connect(&ck, dm.spec->storev);

	return !ck.wrong;
}


int daemon_main(const struct daemon_spec *spec, int argc, char *argv[])
{
	struct daemon_opt opt;
	int status = EXIT_FAILED;

	memset(&dm, 0, sizeof(dm));
	dm.spec = spec;

	if (!daemon_opt_read(&opt, argc, argv))
		return daemon_opt_usage(spec->name, stderr);

	if (keys_merge())
		return EXIT_FAILED;

	if (opt.mode != MODE_RUN && opt.mode != MODE_CHECK)
		status = daemon_opt_print(opt.mode, spec->name, dm.keyv,
					  dm.keyc);
	else if (config_open(opt.path))
		status = EXIT_CONFIG;
	else if (!checked(&opt))
		status = EXIT_FAILED;
	else if (opt.mode == MODE_CHECK)
		status = EXIT_OK;
	else
		status = run();

	dm.conf = mem_deref(dm.conf);
	dm.keyv = mem_deref(dm.keyv);

	return status;
}
