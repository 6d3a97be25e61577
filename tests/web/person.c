/**
 * @file tests/web/person.c  Somebody who chats over SIP, for the tests of the
 *                           pages
 *
 *     person USER POOL-URI ADDRESS:PORT
 *
 * Commands on standard input, each answered with one line:
 *
 *     join ROOM-URI          "200" or another code of the reply
 *     say ROOM-URI TEXT      "200" or another status
 *     hear ROOM-URI TEXT     "heard" once it came, else "nothing"
 *     out ROOM-URI           "out" once he was put out, else "nothing"
 *     token VERB ROOM-URI    the token, or "none"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <re.h>
#include "tests/support/chat.h"
#include "tests/support/client.h"
#include "tests/support/wait.h"
#include "tests/support/xd.h"

enum { LINE_MAX_BYTES = 4096, FOREVER_MS = 3600000 };

static struct client *me;
static char line[LINE_MAX_BYTES];
static size_t used;
static bool over;


static void say(const char *text)
{
	(void)printf("%s\n", text);
	(void)fflush(stdout);
}


static void say_number(unsigned n)
{
	(void)printf("%u\n", n);
	(void)fflush(stdout);
}


/* ---------------------------------------------------------------- commands */

static void do_join(const char *room, const char *rest)
{
	(void)rest;
	say_number(chat_join(me, room, NULL));
}


static void do_say(const char *room, const char *text)
{
	say_number(chat_post(me, room, text));
}


static void do_hear(const char *room, const char *text)
{
	say(chat_hear(me, room, text) ? "heard" : "nothing");
}


static void do_out(const char *room, const char *rest)
{
	(void)rest;
	say(chat_notice(me, "part", room, client_user(me)) ? "out" :
	    "nothing");
}


static void do_token(const char *verb, const char *room)
{
	struct xd *x = NULL;

	if (chat_ask(me, verb, &x, "<ftdb channelUri=\"%s\" fileUrl=\"f\"/>",
		     room) || !*xd_str(x, "//token/@token"))
		say("none");
	else
		say(xd_str(x, "//token/@token"));
	mem_deref(x);
}


static const struct {
	const char *name;
	void (*h)(const char *first, const char *rest);
} commandv[] = {
	{ "join",  do_join  },
	{ "say",   do_say   },
	{ "hear",  do_hear  },
	{ "out",   do_out   },
	{ "token", do_token },
};


static void run(char *text)
{
	char *first = strchr(text, ' '), *rest;
	size_t i;

	if (!first) {
		say("unknown");
		return;
	}
	*first++ = '\0';
	rest = strchr(first, ' ');
	if (rest)
		*rest++ = '\0';

	for (i = 0; i < ARRAY_SIZE(commandv); i++) {
		if (!strcmp(commandv[i].name, text)) {
			commandv[i].h(first, rest ? rest : "");
			return;
		}
	}

	say("unknown");
}


/* ---------------------------------------------------------- standard input */

static void readable(int flags, void *arg)
{
	const ssize_t n = read(STDIN_FILENO, line + used,
			       sizeof(line) - 1 - used);

	(void)flags;
	(void)arg;

	if (n <= 0) {
		over = true;
		fd_close(STDIN_FILENO);
	}
	else {
		used += (size_t)n;
		line[used] = '\0';
	}
	wait_poke();
}


static bool ready(void *arg)
{
	(void)arg;

	return over || memchr(line, '\n', used);
}


static void take_line(void)
{
	char text[LINE_MAX_BYTES];
	const size_t len = strcspn(line, "\n");

	memcpy(text, line, len);
	text[len] = '\0';
	used -= len + 1;
	memmove(line, line + len + 1, used + 1);
	run(text);
}


int main(int argc, char *argv[])
{
	struct client_conf conf = { .epid = "epidweb" };

	if (argc != 4 || libre_init())
		return 2;

	conf.user = argv[1];
	conf.to   = argv[2];
	conf.hop  = argv[3];
	if (client_open(&me, &conf, NULL) ||
	    fd_listen(STDIN_FILENO, FD_READ, readable, NULL)) {
		(void)fprintf(stderr, "%s: cannot sign in\n", argv[1]);
		return 1;
	}
	say("ready");

	while (!wait_for(ready, NULL, FOREVER_MS) && !over)
		take_line();

	me = client_close(me);
	libre_close();

	return 0;
}
