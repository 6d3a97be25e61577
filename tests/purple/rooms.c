/**
 * @file tests/purple/rooms.c  The list of rooms
 *
 * Asked for as Pidgin's room list window does.  Names and URIs of the last
 * list are kept: a user joins by name, SIPE by URI.
 */
#include "tests/purple/client.h"

enum { FIELD_URI, FIELD_USERS, FIELD_DESCRIPTION = 5 };

static struct {
	GHashTable *uris;       /* of the last list, by room name    */
	guint count;            /* rooms in the list under way       */
	gboolean asked;         /* an answer is awaited              */
} rooms;


static void add_room_handler(PurpleRoomlist *list, PurpleRoomlistRoom *room)
{
	const char *uri  = g_list_nth_data(room->fields, FIELD_URI);
	const char *desc = g_list_nth_data(room->fields, FIELD_DESCRIPTION);
	char *users;
	(void)list;

	users = g_strdup_printf("%d", GPOINTER_TO_INT(
			g_list_nth_data(room->fields, FIELD_USERS)));

	g_hash_table_replace(rooms.uris, g_strdup(room->name), g_strdup(uri));
	++rooms.count;
	event_print("room", room->name, users, trace_room_flags(), uri,
		    desc ? desc : "", NULL);
	g_free(users);
}


static void in_progress_handler(PurpleRoomlist *list, gboolean in_progress)
{
	(void)list;

	if (in_progress || !rooms.asked)
		return;

	rooms.asked = FALSE;
	event_printf("rooms-end", "%u", rooms.count);
}


void rooms_query(void)
{
	PurpleConnection *gc = core_connection();

	if (!gc) {
		event_print("error", "rooms: not signed in", NULL);
		return;
	}

	g_hash_table_remove_all(rooms.uris);
	rooms.count = 0;
	rooms.asked = TRUE;

	/* the plugin keeps the list, and drops it when it is complete */
	if (!purple_roomlist_get_list(gc))
		event_print("error", "rooms: group chat is not ready", NULL);
}


const char *rooms_uri(const char *name)
{
	return g_hash_table_lookup(rooms.uris, name);
}


void rooms_open(void)
{
	static PurpleRoomlistUiOps ops = {
		.add_room    = add_room_handler,
		.in_progress = in_progress_handler,
	};

	rooms.uris = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					   g_free);
	purple_roomlist_set_ui_ops(&ops);
}


void rooms_close(void)
{
	g_hash_table_destroy(rooms.uris);
	rooms.uris = NULL;
}
