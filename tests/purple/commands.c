/**
 * @file tests/purple/commands.c  Lines on standard input
 *
 * A name with blanks stands in double quotes.  A room is named as in the list
 * of rooms; join takes a ma-chan: URI as well.  TEXT may have the escapes
 * \n \r \t \\ \uXXXX (also surrogate pairs) \UXXXXXXXX.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "tests/purple/client.h"

typedef void (command_h)(const char *name, const char *text);

struct command {
	const char *word;
	const char *usage;
	command_h *h;
	gboolean named;     /* a NAME must follow */
};

static struct {
	void (*quit)(void);
	GString *input;
} commands;

static void help_handler(const char *name, const char *text);


static void login_handler(const char *name, const char *text)
{
	(void)name;
	(void)text;
	core_login();
}


static void logout_handler(const char *name, const char *text)
{
	(void)name;
	(void)text;
	core_logout();
}


static void rooms_handler(const char *name, const char *text)
{
	(void)name;
	(void)text;
	rooms_query();
}


static void join_handler(const char *name, const char *text)
{
	const char *uri = g_str_has_prefix(name, "ma-chan:") ? name
							      : rooms_uri(name);
	PurpleConnection *gc = core_connection();
	GHashTable *components;
	(void)text;

	if (!gc || !uri) {
		event_print("error", gc ? "join: not in the list of rooms"
				        : "join: not signed in", name, NULL);
		return;
	}

	components = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
					   g_free);
	g_hash_table_replace(components, "uri", g_strdup(uri));
	serv_join_chat(gc, components);
	g_hash_table_destroy(components);
}


/* Pidgin hands over HTML, with <br> for a new line */
static char *html_text(const char *text)
{
	char *html = g_markup_escape_text(text, -1);
	char **lines = g_strsplit(html, "\n", 0);
	size_t i;

	g_free(html);
	for (i = 0; lines[i]; i++)
		if (lines[i + 1] && g_str_has_suffix(lines[i], "\r"))
			lines[i][strlen(lines[i]) - 1] = '\0';

	html = g_strjoinv("<br>", lines);
	g_strfreev(lines);

	return html;
}


static void say_handler(const char *name, const char *text)
{
	PurpleConversation *conv = ui_find_room(name);
	char *plain, *html;

	/* the window outlives the session, SIPE's state for it does not */
	if (!conv || !core_connection()) {
		event_print("error", "say: room is not open", name, NULL);
		return;
	}

	plain = event_unescape(text);
	html  = html_text(plain);
	purple_conv_chat_send(PURPLE_CONV_CHAT(conv), html);
	g_free(html);
	g_free(plain);
}


static void part_handler(const char *name, const char *text)
{
	PurpleConversation *conv = ui_find_room(name);
	(void)text;

	if (conv)
		purple_conversation_destroy(conv);
	else
		event_print("error", "part: room is not open", name, NULL);
}


static void who_handler(const char *name, const char *text)
{
	PurpleConversation *conv = ui_find_room(name);
	GList *l;
	(void)text;

	if (!conv) {
		event_print("error", "who: room is not open", name, NULL);
		return;
	}

	l = purple_conv_chat_get_users(PURPLE_CONV_CHAT(conv));
	for (; l; l = l->next) {
		const PurpleConvChatBuddy *cb = l->data;

		event_print("who", name, cb->name,
			    cb->flags & PURPLE_CBFLAGS_OP ? "op" : "-", NULL);
	}
	event_print("who-end", name, NULL);
}


static void quit_handler(const char *name, const char *text)
{
	(void)name;
	(void)text;
	commands.quit();
}


static const struct command commandv[] = {
	{ "login",  "login",          login_handler,  FALSE },
	{ "logout", "logout",         logout_handler, FALSE },
	{ "rooms",  "rooms",          rooms_handler,  FALSE },
	{ "join",   "join NAME|URI",  join_handler,   TRUE  },
	{ "say",    "say NAME TEXT",  say_handler,    TRUE  },
	{ "part",   "part NAME",      part_handler,   TRUE  },
	{ "who",    "who NAME",       who_handler,    TRUE  },
	{ "quit",   "quit",           quit_handler,   FALSE },
	{ "help",   "help",           help_handler,   FALSE },
};


static void help_handler(const char *name, const char *text)
{
	size_t i;
	(void)name;
	(void)text;

	for (i = 0; i < G_N_ELEMENTS(commandv); i++)
		event_print("help", commandv[i].usage, NULL);
}


/* Cuts the next word off *pp; one in double quotes loses them */
static char *next_word(char **pp)
{
	char *word = g_strchug(*pp), *end;
	char stop = ' ';

	if (*word == '"') {
		stop = '"';
		++word;
	}

	end = strchr(word, stop);
	*pp = end ? end + 1 : word + strlen(word);
	if (end)
		*end = '\0';
	if (stop == '"' && **pp == ' ')
		++*pp;

	return word;
}


static void run_line(char *line)
{
	const char *word = next_word(&line), *name = "";
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(commandv); i++) {
		const struct command *cmd = &commandv[i];

		if (strcmp(cmd->word, word))
			continue;

		if (cmd->named)
			name = next_word(&line);
		if (cmd->named && !*name)
			event_print("error", "usage", cmd->usage, NULL);
		else
			cmd->h(name, line);
		return;
	}

	if (*word)
		event_print("error", "no such command", word, NULL);
}


static void run_complete_lines(void)
{
	char *end, *line;

	while ((end = strchr(commands.input->str, '\n'))) {

		line = g_strndup(commands.input->str,
				 (gsize)(end - commands.input->str));
		g_string_erase(commands.input, 0,
			       end - commands.input->str + 1);
		run_line(line);
		g_free(line);
	}
}


static gboolean input_handler(GIOChannel *io, GIOCondition cond, gpointer arg)
{
	char buf[4096];
	ssize_t n;
	(void)cond;
	(void)arg;

	n = read(g_io_channel_unix_get_fd(io), buf, sizeof(buf));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;

	if (n <= 0) {
		commands.quit();
		return G_SOURCE_REMOVE;
	}

	g_string_append_len(commands.input, buf, n);
	run_complete_lines();

	return G_SOURCE_CONTINUE;
}


void commands_open(void (*quit)(void))
{
	GIOChannel *io = g_io_channel_unix_new(STDIN_FILENO);

	commands.quit  = quit;
	commands.input = g_string_new(NULL);
	g_io_add_watch(io, G_IO_IN | G_IO_HUP | G_IO_ERR, input_handler, NULL);
	g_io_channel_unref(io);
}
