/**
 * @file tests/purple/client.h  A libpurple client without a window
 *
 * Runs the unmodified pidgin-sipe plugin for one account.  Commands come as
 * lines on standard input, whatever the client would have shown leaves as
 * lines on standard output (event.c says how they look).  Everything happens
 * in the one glib loop.
 */
#pragma once

#include <glib.h>
#include <purple.h>

#define CLIENT_ID "pchat-purple-client"

struct client_opt {
	char *user;            /* sip:ada@example.net, sip: may be left out  */
	char *password;        /* libpurple asks when there is none          */
	char *server;          /* HOST[:PORT]                                */
	char *transport;       /* tcp or tls                                 */
	char *groupchat_user;  /* SIPE's option of that name, or NULL        */
	char *purple_dir;      /* the client's home; NULL: a passing one     */
	char *debug;           /* file for libpurple's log and the SIP trace */
	gboolean login;        /* sign in at once                            */
	int seed;              /* of Call-IDs; 0: the time, as plugins do    */
};

/* event.c: what has happened, one line each */

/** Print an event; the fields are strings, the last argument is NULL */
void  event_print(const char *name, ...) G_GNUC_NULL_TERMINATED;
/** As event_print(), with a text made like printf's as the only field */
void  event_printf(const char *name, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
/** What \n, \r, \t, \\, \uXXXX and \UXXXXXXXX stand for; g_free() it */
char *event_unescape(const char *text);

/* seed.c */

/** What rand() starts with from now on; 0: what the plugin says */
void  seed_choose(int seed);

/* core.c: libpurple, the plugin and the account */

/** @return FALSE when libpurple or the plugin cannot be loaded */
gboolean core_open(const struct client_opt *opt);
void     core_close(void);
/** The one account; its connection is there while signed in */
PurpleAccount    *core_account(void);
PurpleConnection *core_connection(void);
void     core_login(void);
void     core_logout(void);

/* trace.c: libpurple's log to a file, and the events only it tells of */

/** @return FALSE when the file cannot be written */
gboolean trace_open(const char *path);
void     trace_close(void);
/** Flags of the room told of last ("invite,private" ...) */
const char *trace_room_flags(void);

/* ui.c: libpurple calls, events come out */

void ui_open(void);
/** The open window of a room by its name, or NULL */
PurpleConversation *ui_find_room(const char *name);

/* rooms.c: the list of rooms */

void rooms_open(void);
void rooms_close(void);
/** Ask for the list; "room" events and one "rooms-end" follow */
void rooms_query(void);
/** The URI of a room in the last list, or NULL */
const char *rooms_uri(const char *name);

/* commands.c: lines on standard input */

/** @p quit is called at "quit" and at the end of the input */
void commands_open(void (*quit)(void));
