/**
 * @file compliance/adapter/emltext.c  What a conversation reads like
 */
#include <string.h>
#include <re.h>
#include "common/clock.h"
#include "compliance/adapter.h"
#include "compliance/adapter/address.h"
#include "compliance/adapter/emlmail.h"
#include "compliance/adapter/lines.h"
#include "compliance/adapter/mime.h"


/* What somebody did, before the text that goes with it */
static const struct {
	enum adapter_event_kind kind;
	const char *what;
} whatv[] = {
	{ EV_CHAT,         ""                              },
	{ EV_BACKCHAT,     " read history"                 },
	{ EV_FILEDOWNLOAD, " downloaded a file"            },
	{ EV_FILEUPLOAD,   " uploaded a file"              },
	{ EV_REPLACED,     " replaced or removed a message" },
	{ EV_PURGE,        " purged messages"              },
	{ EV_JOIN,         " entered the room"             },
	{ EV_PART,         " left the room"                },
	{ EV_ROOM,         " changed the room"             },
	{ EV_ROLE,         " changed the room's lists"     },
	{ EV_CATEGORY,     " changed a category"           },
	{ EV_POLICY,       " changed a policy"             },
	{ EV_PRINCIPAL,    " changed a user or group"      },
};

#define CONTINUED "\n  | "

/* One of the two forms: text from outside is escaped in one of them */
struct form {
	struct mime_qp qp;
	bool html;
};


/* Lines that continue a text are marked: none looks like one of ours */
static void text(struct form *f, const char *str)
{
	size_t n;

	for (; *str; str += line_break(str)) {

		n = line_length(str);

		if (f->html)
			mime_qp_html(&f->qp, str, n);
		else
			mime_qp_write(&f->qp, str, n);

		str += n;
		if (*str)
			mime_qp_write(&f->qp, CONTINUED, strlen(CONTINUED));
	}
}


static void markup(struct form *f, const char *html, const char *plain)
{
	const char *str = f->html ? html : plain;

	mime_qp_write(&f->qp, str, strlen(str));
}


static const char *what_of(const struct adapter_event *ev)
{
	for (size_t i = 0; i < ARRAY_SIZE(whatv); i++) {
		if (whatv[i].kind == ev->kind)
			return whatv[i].what;
	}

	return " administered";
}


static void when(struct form *f, int64_t us)
{
	char ts[CLOCK_TS_SIZE];

	(void)clock_ts(ts, us);
	ts[10] = ' ';
	ts[19] = '\0';
	text(f, ts);
	text(f, " UTC");
}


static void who(struct form *f, const struct adapter_user *user)
{
	if (!user) {
		text(f, "The system");
		return;
	}

	if (str_isset(user->display)) {
		text(f, user->display);
		text(f, " ");
	}

	text(f, "<");
	text(f, address_of(user->uri));
	text(f, ">");
}


static void file(struct form *f, const struct emlmail *mail,
		 const struct adapter_event *ev)
{
	text(f, ": ");
	if (ev->title) {
		text(f, ev->title);
		text(f, ", ");
	}
	text(f, ev->file);

	if (ev->lost)
		text(f, " (LOST: the file was gone before it was copied)");
	else if (ev->kind == EV_FILEUPLOAD && ev->path &&
		 !emlmail_attaches(mail->opt, ev))
		text(f, " (not attached)");
}


static void event(struct form *f, const struct emlmail *mail,
		  const struct adapter_event *ev)
{
	markup(f, "<tr><td>", "[");
	when(f, ev->ts_us);
	markup(f, "</td><td>", "] ");
	who(f, ev->user);
	text(f, what_of(ev));
	markup(f, "</td><td>", "");

	if (ev->file)
		file(f, mail, ev);
	if (ev->chat) {
		markup(f, "", ": ");
		text(f, ev->chat);
	}
	if (ev->detail) {
		markup(f, " ", " ");
		text(f, ev->detail);
	}

	markup(f, "</td></tr>\n", "\n");
}


static void people(struct form *f, const char *title,
		   const struct adapter_user *const *userv, size_t userc)
{
	markup(f, "<p>", "");
	text(f, title);

	for (size_t i = 0; i < userc; i++) {
		text(f, i ? ", " : " ");
		who(f, userv[i]);
	}

	text(f, userc ? "." : " nobody.");
	markup(f, "</p>\n", "\n");
}


static void head(struct form *f, const struct emlmail *mail)
{
	const struct adapter_conversation *conv = mail->conv;
	const struct adapter_room *room = conv->room;

	markup(f, "<p>", "");
	text(f, room ? "Room: " : "Events of no room");
	if (room) {
		text(f, room->name ? room->name : "");
		text(f, " <");
		text(f, room->uri ? room->uri : "");
		text(f, ">");
	}
	markup(f, "<br>\n", "\n");
	when(f, conv->start_us);
	text(f, " to ");
	when(f, conv->end_us);
	markup(f, "</p>\n", "\n");

	if (room && mail->part == 1) {
		people(f, "In the room at the start:", conv->startv,
		       conv->startc);
		people(f, "In the room at the end:", conv->endv,
		       conv->endc);
	}
	if (mail->named < mail->peoplec)
		people(f, "All whose mail this is (To names the first of"
		       " them):", mail->peoplev, mail->peoplec);
}


void emltext_write(struct outfile *of, const struct emlmail *mail, bool html)
{
	struct form f = { .qp = { .of = of }, .html = html };

	markup(&f, "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">"
	       "</head><body>\n", "");
	head(&f, mail);
	markup(&f, "<table style=\"white-space: pre-wrap\">\n", "\n");

	for (size_t i = mail->from; i < mail->to; i++)
		event(&f, mail, &mail->conv->eventv[i]);

	markup(&f, "</table></body></html>\n", "");
}
