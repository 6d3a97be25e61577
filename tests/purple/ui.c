/**
 * @file tests/purple/ui.c  What a window would show, as events
 *
 * signed-on, signed-off                the account
 * joined ROOM, closed ROOM             a room's window
 * user ROOM = URI                      is in the room (list on joining)
 * user ROOM + URI, user ROOM - URI     came, went
 * op ROOM URI                          has the operator mark
 * topic ROOM TEXT
 * msg ROOM AUTHOR TIME TEXT            TIME: the server's, UTC
 * notdelivered ROOM TEXT               a post was refused
 * error TEXT...                        message boxes, lost connections
 */
#include <string.h>
#include "tests/purple/client.h"

struct answer {
	GCallback cb;
	void *arg;
	int action;
};


static const char *room_of(PurpleConversation *conv)
{
	return purple_conversation_get_name(conv);
}


static char *plain_text(const char *html)
{
	return purple_unescape_html(html ? html : "");
}


static char *utc_time(time_t t)
{
	GDateTime *when = g_date_time_new_from_unix_utc(t);
	char *text = when ? g_date_time_format(when, "%FT%TZ") : g_strdup("-");

	if (when)
		g_date_time_unref(when);

	return text;
}


static void write_handler(PurpleConversation *conv, const char *name,
			  const char *alias, const char *message,
			  PurpleMessageFlags flags, time_t mtime)
{
	char *stripped = NULL, *text, *when;
	(void)alias;

	if (flags & PURPLE_MESSAGE_ERROR) {
		stripped = purple_markup_strip_html(message);
		event_print("notdelivered", room_of(conv), stripped, NULL);
		g_free(stripped);
		return;
	}
	if (flags & PURPLE_MESSAGE_SYSTEM)
		return;

	text = plain_text(message);
	when = utc_time(mtime);
	event_print("msg", room_of(conv), name ? name : "", when, text, NULL);
	g_free(when);
	g_free(text);
}


static void add_users_handler(PurpleConversation *conv, GList *buddies,
			      gboolean arrivals)
{
	for (; buddies; buddies = buddies->next) {
		const PurpleConvChatBuddy *cb = buddies->data;

		event_print("user", room_of(conv), arrivals ? "+" : "=",
			    cb->name, NULL);
	}
}


static void remove_users_handler(PurpleConversation *conv, GList *users)
{
	for (; users; users = users->next)
		event_print("user", room_of(conv), "-", users->data, NULL);
}


static void update_user_handler(PurpleConversation *conv, const char *user)
{
	if (purple_conv_chat_user_get_flags(PURPLE_CONV_CHAT(conv), user) &
	    PURPLE_CBFLAGS_OP)
		event_print("op", room_of(conv), user, NULL);
}


static void deleting_handler(PurpleConversation *conv, void *arg)
{
	(void)arg;
	event_print("closed", room_of(conv), NULL);
}


static void joined_handler(PurpleConversation *conv, void *arg)
{
	(void)arg;
	event_print("joined", room_of(conv), NULL);
}


static void topic_handler(PurpleConversation *conv, const char *who,
			  const char *topic, void *arg)
{
	(void)who;
	(void)arg;
	event_print("topic", room_of(conv), topic ? topic : "", NULL);
}


static void connected_handler(PurpleConnection *gc)
{
	event_print("signed-on", purple_account_get_username(gc->account),
		    NULL);
}


static void disconnected_handler(PurpleConnection *gc)
{
	event_print("signed-off", purple_account_get_username(gc->account),
		    NULL);
}


static void disconnect_reason_handler(PurpleConnection *gc,
				      PurpleConnectionError reason,
				      const char *text)
{
	(void)gc;
	(void)reason;
	event_print("error", text, NULL);
}


static void *notify_handler(PurpleNotifyMsgType type, const char *title,
			    const char *primary, const char *secondary)
{
	(void)type;
	(void)title;
	event_print("error", primary ? primary : "",
		    secondary ? secondary : "", NULL);

	return NULL;
}


static gboolean answer_handler(gpointer arg)
{
	struct answer *answer = arg;

	((PurpleRequestActionCb)answer->cb)(answer->arg, answer->action);
	g_free(answer);

	return G_SOURCE_REMOVE;
}


/* The only question in our way is whether to trust the server's certificate.
 * The first button accepts; it is pressed on the next turn of the loop, as
 * the asker may not be ready for an answer yet. */
static void *action_handler(const char *title, const char *primary,
			    const char *secondary, int default_action,
			    PurpleAccount *account, const char *who,
			    PurpleConversation *conv, void *arg,
			    size_t action_count, va_list actions)
{
	struct answer *answer;
	const char *label;
	(void)title;
	(void)secondary;
	(void)default_action;
	(void)account;
	(void)who;
	(void)conv;

	if (!action_count)
		return NULL;

	label = va_arg(actions, const char *);

	answer = g_new0(struct answer, 1);
	answer->cb  = va_arg(actions, GCallback);
	answer->arg = arg;

	event_print("asked", primary ? primary : "", label, NULL);
	if (answer->cb)
		g_idle_add(answer_handler, answer);
	else
		g_free(answer);

	return NULL;
}


static void *input_handler(const char *title, const char *primary,
			   const char *secondary, const char *default_value,
			   gboolean multiline, gboolean masked, gchar *hint,
			   const char *ok_text, GCallback ok_cb,
			   const char *cancel_text, GCallback cancel_cb,
			   PurpleAccount *account, const char *who,
			   PurpleConversation *conv, void *arg)
{
	(void)title;
	(void)secondary;
	(void)default_value;
	(void)multiline;
	(void)masked;
	(void)hint;
	(void)ok_text;
	(void)ok_cb;
	(void)cancel_text;
	(void)cancel_cb;
	(void)account;
	(void)who;
	(void)conv;
	(void)arg;
	event_print("error", "asked for input", primary ? primary : "", NULL);

	return NULL;
}


PurpleConversation *ui_find_room(const char *name)
{
	return purple_find_conversation_with_account(PURPLE_CONV_TYPE_CHAT,
						     name, core_account());
}


void ui_open(void)
{
	static PurpleConversationUiOps conv_ops = {
		.write_conv        = write_handler,
		.chat_add_users    = add_users_handler,
		.chat_remove_users = remove_users_handler,
		.chat_update_user  = update_user_handler,
	};
	static PurpleConnectionUiOps conn_ops = {
		.connected    = connected_handler,
		.disconnected = disconnected_handler,
		.report_disconnect_reason = disconnect_reason_handler,
	};
	static PurpleNotifyUiOps notify_ops = {
		.notify_message = notify_handler,
	};
	static PurpleRequestUiOps request_ops = {
		.request_action = action_handler,
		.request_input  = input_handler,
	};
	void *convs = purple_conversations_get_handle();
	static int handle;

	purple_conversations_set_ui_ops(&conv_ops);
	purple_connections_set_ui_ops(&conn_ops);
	purple_notify_set_ui_ops(&notify_ops);
	purple_request_set_ui_ops(&request_ops);

	purple_signal_connect(convs, "chat-joined", &handle,
			      PURPLE_CALLBACK(joined_handler), NULL);
	purple_signal_connect(convs, "chat-topic-changed", &handle,
			      PURPLE_CALLBACK(topic_handler), NULL);
	purple_signal_connect(convs, "deleting-conversation", &handle,
			      PURPLE_CALLBACK(deleting_handler), NULL);
}
