/**
 * @file tests/purple/main.c  pidgin-sipe without Pidgin
 *
 * Commands on standard input, events on standard output; "help" lists the
 * commands.  An exit status other than 0 means that it could not start.
 */
#include <ftw.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include "tests/purple/client.h"

static struct client_opt opt;
static GMainLoop *loop;

static GOptionEntry optionv[] = {
	{ "user", 'u', 0, G_OPTION_ARG_STRING, &opt.user,
	  "Account", "sip:USER@DOMAIN" },
	{ "password", 'p', 0, G_OPTION_ARG_STRING, &opt.password,
	  "Password, anything where none is asked for", "TEXT" },
	{ "server", 's', 0, G_OPTION_ARG_STRING, &opt.server,
	  "Server", "HOST[:PORT]" },
	{ "transport", 't', 0, G_OPTION_ARG_STRING, &opt.transport,
	  "tcp or tls", "NAME" },
	{ "groupchat-user", 0, 0, G_OPTION_ARG_STRING, &opt.groupchat_user,
	  "Pool to use whatever the provisioning says", "USER@DOMAIN" },
	{ "purple-dir", 0, 0, G_OPTION_ARG_FILENAME, &opt.purple_dir,
	  "Folder for the client's files (default: one that is removed)",
	  "DIR" },
	{ "debug", 0, 0, G_OPTION_ARG_FILENAME, &opt.debug,
	  "libpurple's log and the SIP trace go here", "FILE" },
	{ "login", 0, 0, G_OPTION_ARG_NONE, &opt.login,
	  "Sign in without waiting for the command", NULL },
	{ "seed", 0, 0, G_OPTION_ARG_INT, &opt.seed,
	  "Makes Call-IDs differ, or not, from another client's", "NUMBER" },
	{ NULL, 0, 0, 0, NULL, NULL, NULL }
};


const char *__asan_default_options(void);


/* Neither libpurple nor its TLS library frees all it has when it ends */
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}


static void quit(void)
{
	g_main_loop_quit(loop);
}


static gboolean signal_handler(gpointer arg)
{
	(void)arg;
	quit();

	return G_SOURCE_CONTINUE;
}


static int remove_handler(const char *path, const struct stat *st, int type,
			  struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;

	return remove(path);
}


static gboolean parse_options(int *argc, char ***argv)
{
	GOptionContext *ctx = g_option_context_new(NULL);
	GError *err = NULL;
	gboolean ok;

	g_option_context_add_main_entries(ctx, optionv, NULL);
	ok = g_option_context_parse(ctx, argc, argv, &err);
	g_option_context_free(ctx);

	if (ok && opt.user && opt.server)
		return TRUE;

	fprintf(stderr, "%s\n", err ? err->message
				    : "--user and --server are needed");
	g_clear_error(&err);

	return FALSE;
}


static void set_defaults(void)
{
	if (!opt.password)
		opt.password = g_strdup("none");
	if (!opt.transport)
		opt.transport = g_strdup("tcp");
}


static int run(void)
{
	seed_choose(opt.seed);
	if (!trace_open(opt.debug)) {
		perror(opt.debug);
		return 1;
	}
	if (!core_open(&opt)) {
		event_print("error", "libpurple does not start", NULL);
		return 1;
	}

	loop = g_main_loop_new(NULL, FALSE);
	g_unix_signal_add(SIGTERM, signal_handler, NULL);
	g_unix_signal_add(SIGINT, signal_handler, NULL);
	commands_open(quit);

	event_print("started", opt.user, opt.server, opt.transport, NULL);
	if (opt.login)
		core_login();

	g_main_loop_run(loop);

	core_close();
	trace_close();
	g_main_loop_unref(loop);

	return 0;
}


int main(int argc, char *argv[])
{
	char *passing = NULL;
	int status;

	signal(SIGPIPE, SIG_IGN);

	if (!parse_options(&argc, &argv))
		return 2;
	set_defaults();

	if (!opt.purple_dir)
		opt.purple_dir = passing = g_dir_make_tmp("pchat-purple-XXXXXX",
							  NULL);

	status = run();

	if (passing)
		nftw(passing, remove_handler, 16, FTW_DEPTH | FTW_PHYS);

	return status;
}
