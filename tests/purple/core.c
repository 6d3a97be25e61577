/**
 * @file tests/purple/core.c  libpurple, the SIPE plugin and the one account
 *
 * The plugin is found where Debian puts it.  Nothing is read from or written
 * to the user's own ~/.purple.
 */
#include "tests/purple/client.h"

#define PLUGIN_ID "prpl-sipe"

struct watch {
	PurpleInputFunction h;
	void *arg;
};

static PurpleAccount *account;


static gboolean watch_handler(GIOChannel *io, GIOCondition cond, gpointer arg)
{
	const struct watch *watch = arg;
	int what = 0;

	if (cond & (G_IO_IN | G_IO_HUP | G_IO_ERR))
		what |= PURPLE_INPUT_READ;
	if (cond & (G_IO_OUT | G_IO_HUP | G_IO_ERR | G_IO_NVAL))
		what |= PURPLE_INPUT_WRITE;

	watch->h(watch->arg, g_io_channel_unix_get_fd(io),
		 (PurpleInputCondition)what);

	return G_SOURCE_CONTINUE;
}


static guint input_add(int fd, PurpleInputCondition cond,
		       PurpleInputFunction h, gpointer arg)
{
	GIOCondition what = G_IO_HUP | G_IO_ERR | G_IO_NVAL;
	struct watch *watch = g_new0(struct watch, 1);
	GIOChannel *io = g_io_channel_unix_new(fd);
	guint id;

	watch->h   = h;
	watch->arg = arg;

	if (cond & PURPLE_INPUT_READ)
		what |= G_IO_IN;
	if (cond & PURPLE_INPUT_WRITE)
		what |= G_IO_OUT;

	id = g_io_add_watch_full(io, G_PRIORITY_DEFAULT, what, watch_handler,
				 watch, g_free);
	g_io_channel_unref(io);

	return id;
}


static PurpleEventLoopUiOps loop_ops = {
	.timeout_add         = g_timeout_add,
	.timeout_remove      = g_source_remove,
	.timeout_add_seconds = g_timeout_add_seconds,
	.input_add           = input_add,
	.input_remove        = g_source_remove,
};

static PurpleCoreUiOps core_ops = { .ui_prefs_init = NULL };


/* purple_core_init() has looked through libpurple's own plugin folders */
static gboolean load_plugin(void)
{
	PurplePlugin *plugin = purple_plugins_find_with_id(PLUGIN_ID);

	if (plugin && purple_plugin_load(plugin))
		return TRUE;

	event_print("error", "the pidgin-sipe plugin does not load", NULL);

	return FALSE;
}


static const char *bare_user(const char *user)
{
	return g_str_has_prefix(user, "sip:") ? user + 4 : user;
}


static void make_account(const struct client_opt *opt)
{
	PurpleProxyInfo *proxy = purple_proxy_info_new();

	/* a home that was used before has it already */
	account = purple_accounts_find(bare_user(opt->user), PLUGIN_ID);
	if (!account) {
		account = purple_account_new(bare_user(opt->user), PLUGIN_ID);
		purple_accounts_add(account);
	}
	purple_account_set_enabled(account, CLIENT_ID, FALSE);

	purple_proxy_info_set_type(proxy, PURPLE_PROXY_NONE);
	purple_account_set_proxy_info(account, proxy);

	/* else libpurple forgets it when it signs off */
	purple_account_set_remember_password(account, TRUE);
	purple_account_set_password(account, opt->password);
	purple_account_set_string(account, "server", opt->server);
	purple_account_set_string(account, "transport", opt->transport);
	/* a calendar would be looked for on other hosts */
	purple_account_set_bool(account, "dont-publish", TRUE);
	if (opt->groupchat_user)
		purple_account_set_string(account, "groupchat_user",
					  opt->groupchat_user);
}


gboolean core_open(const struct client_opt *opt)
{
	purple_util_set_user_dir(opt->purple_dir);
	purple_core_set_ui_ops(&core_ops);
	purple_eventloop_set_ui_ops(&loop_ops);

	if (!purple_core_init(CLIENT_ID))
		return FALSE;

	purple_set_blist(purple_blist_new());
	purple_prefs_set_bool("/purple/network/map_ports", FALSE);
	purple_prefs_set_bool("/purple/logging/log_chats", FALSE);
	purple_prefs_set_bool("/purple/logging/log_system", FALSE);
	ui_open();
	rooms_open();

	if (!load_plugin())
		return FALSE;

	make_account(opt);

	return TRUE;
}


void core_close(void)
{
	core_logout();
	purple_core_quit();
	rooms_close();
}


PurpleAccount *core_account(void)
{
	return account;
}


PurpleConnection *core_connection(void)
{
	return purple_account_is_connected(account)
		? purple_account_get_connection(account) : NULL;
}


void core_login(void)
{
	/* connects the first time, when the account's status is "available" */
	purple_account_set_enabled(account, CLIENT_ID, TRUE);

	if (purple_account_is_disconnected(account))
		purple_account_connect(account);
}


void core_logout(void)
{
	if (account && !purple_account_is_disconnected(account))
		purple_account_disconnect(account);
}
