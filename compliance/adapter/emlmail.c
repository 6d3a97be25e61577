/**
 * @file compliance/adapter/emlmail.c  One mail: a part of a conversation
 */
#include <errno.h>
#include <stdlib.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/outfile.h"
#include "compliance/adapter/address.h"
#include "compliance/adapter/emlmail.h"
#include "compliance/adapter/filetype.h"
#include "compliance/adapter/mime.h"
#include "compliance/adapter/place.h"


/* An address that mail can carry; NULL: there is none */
static const char *address(const struct adapter_user *user)
{
	const char *uri;

	if (!user)
		return NULL;

	if (mime_addr_ok(user->email))
		return user->email;

	uri = address_of(user->uri);

	return mime_addr_ok(uri) ? uri : NULL;
}


static int user_cmp(const void *a, const void *b)
{
	const struct adapter_user *const *ua = a, *const *ub = b;

	return ((*ua)->id > (*ub)->id) - ((*ua)->id < (*ub)->id);
}


static void people_add(struct emlmail *mail, const struct adapter_user *user)
{
	if (address(user))
		mail->peoplev[mail->peoplec++] = user;
}


static void people_unique(struct emlmail *mail)
{
	const struct adapter_user **v = mail->peoplev;
	size_t n = 0;

	qsort(v, mail->peoplec, sizeof(*v), user_cmp);

	for (size_t i = 0; i < mail->peoplec; i++) {
		if (!n || v[n-1]->id != v[i]->id)
			v[n++] = v[i];
	}

	mail->peoplec = n;
}


static int people_collect(struct emlmail *mail)
{
	const struct adapter_conversation *conv = mail->conv;
	const size_t max = conv->startc + conv->endc + mail->to - mail->from;

	mail->peoplec = 0;
	mail->peoplev = mem_zalloc((max + 1) * sizeof(*mail->peoplev), NULL);
	if (!mail->peoplev)
		return ENOMEM;

	for (size_t i = 0; i < conv->startc; i++)
		people_add(mail, conv->startv[i]);
	for (size_t i = 0; i < conv->endc; i++)
		people_add(mail, conv->endv[i]);
	for (size_t i = mail->from; i < mail->to; i++)
		people_add(mail, conv->eventv[i].user);

	people_unique(mail);

	return 0;
}


static void from(struct outfile *of, const struct emlmail *mail)
{
	const struct adapter_user *user = NULL;

	outfile_puts(of, "From: ");

	for (size_t i = mail->from; i < mail->to && !user; i++) {
		if (address(mail->conv->eventv[i].user))
			user = mail->conv->eventv[i].user;
	}

	if (mail->opt->from)
		outfile_printf(of, "<%s>", mail->opt->from);
	else if (user)
		mime_address(of, user->display, address(user));
	else
		outfile_printf(of, "<pchat@%s>", mail->opt->domain);

	outfile_puts(of, "\r\n");
}


/* Receivers refuse headers that are too large: beyond the limit the text says
   who else it is */
static void to(struct outfile *of, struct emlmail *mail)
{
	const uint64_t start = outfile_size(of);
	size_t i;

	outfile_puts(of, "To: ");

	for (i = 0; i < mail->peoplec &&
		     outfile_size(of) - start < mail->opt->to_bytes; i++) {

		const struct adapter_user *user = mail->peoplev[i];

		outfile_puts(of, i ? ",\r\n " : "");
		mime_address(of, user->display, address(user));
	}

	mail->named = i;
	outfile_puts(of, i ? "\r\n" : "undisclosed-recipients:;\r\n");
	if (i < mail->peoplec)
		outfile_printf(of, "X-Pchat-To: %zu of %zu\r\n", i,
			       mail->peoplec);
}


static void subject(struct outfile *of, const struct emlmail *mail)
{
	const struct adapter_room *room = mail->conv->room;
	char start[PLACE_TS_SIZE], end[PLACE_TS_SIZE], *str = NULL;
	const char *name = room ? room->name : "Events of no room";

	if (re_sdprintf(&str, "%s, %s to %s, part %u of %u",
			name ? name : room->uri,
			place_ts(start, mail->conv->start_us),
			place_ts(end, mail->conv->end_us),
			mail->part, mail->parts))
		return;

	mime_header(of, "Subject", str);
	mem_deref(str);
}


static const char *room_guid(const struct emlmail *mail)
{
	return mail->conv->room ? mail->conv->room->guid : "none";
}


static int message_id(struct outfile *of, const struct emlmail *mail)
{
	char *stem;
	int err;

	err = place_stem(&stem, mail->batch, "pchat");
	if (err)
		return err;

	outfile_printf(of, "Message-ID: <%s.%s.%u@%s>\r\n", stem,
		       room_guid(mail), mail->part, mail->opt->domain);
	mem_deref(stem);

	return 0;
}


static int headers(struct outfile *of, struct emlmail *mail)
{
	const struct adapter_room *room = mail->conv->room;
	int err;

	mime_date(of, "Date", mail->conv->end_us);
	from(of, mail);
	to(of, mail);
	subject(of, mail);

	err = message_id(of, mail);

	outfile_puts(of, "MIME-Version: 1.0\r\nAuto-Submitted: auto-generated"
		     "\r\nPrecedence: bulk\r\n");
	mime_header(of, "X-GlobalRelay-MsgType", mail->opt->msgtype);
	outfile_printf(of, "X-Pchat-Batch: %llu\r\n", mail->batch->id);
	outfile_printf(of, "X-Pchat-Part: %u/%u\r\n", mail->part, mail->parts);
	outfile_printf(of, "X-Pchat-Events: %zu\r\n", mail->to - mail->from);
	outfile_printf(of, "X-Pchat-RoomID: %s\r\n", room_guid(mail));
	if (room && str_isset(room->name))
		mime_header(of, "X-Pchat-RoomName", room->name);
	if (room && str_isset(room->type))
		mime_header(of, "X-Pchat-RoomType", room->type);

	return err;
}


/* "=_" never comes up in quoted-printable, nor in base64 */
static void boundary(struct outfile *of, const char *which, const char *end)
{
	outfile_printf(of, "\r\n--=_pchat_%s%s\r\n", which, end);
}


static void alternative(struct outfile *of, const struct emlmail *mail,
			bool html)
{
	boundary(of, "alt", "");
	outfile_printf(of, "Content-Type: text/%s; charset=utf-8\r\n"
		       "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
		       html ? "html" : "plain");
	emltext_write(of, mail, html);
}


static int attachment(struct outfile *of, const struct emlmail *mail,
		      const struct adapter_event *ev)
{
	const struct adapter_host *host = mail->opt->host;
	const char *name = str_isset(ev->title) ? ev->title :
		str_isset(ev->file) ? ev->file : "file";

	if (!emlmail_attaches(mail->opt, ev)) {
		host->log(host->arg, ADAPTER_WARN, "batch=%llu event=%s file"
			  " left out", (unsigned long long)mail->batch->id,
			  ev->id);
		return 0;
	}

	boundary(of, "mixed", "");
	outfile_printf(of, "Content-Type: %s\r\n"
		       "Content-Transfer-Encoding: base64\r\n",
		       filetype(name));
	outfile_puts(of, "Content-Disposition: attachment");
	mime_filename(of, name);
	outfile_puts(of, "\r\n\r\n");

	return mime_base64_file(of, ev->path);
}


static int content(struct outfile *of, const struct emlmail *mail)
{
	int err = 0;

	outfile_puts(of, "Content-Type: multipart/mixed;\r\n"
		     " boundary=\"=_pchat_mixed\"\r\n");
	boundary(of, "mixed", "");
	outfile_puts(of, "Content-Type: multipart/alternative;\r\n"
		     " boundary=\"=_pchat_alt\"\r\n");
	alternative(of, mail, false);
	alternative(of, mail, true);
	boundary(of, "alt", "--");

	for (size_t i = mail->from; i < mail->to && !err; i++) {

		const struct adapter_event *ev = &mail->conv->eventv[i];

		if (ev->kind == EV_FILEUPLOAD && ev->path)
			err = attachment(of, mail, ev);
	}

	boundary(of, "mixed", "--");

	return err;
}


int emlmail_write(struct outfile *of, struct emlmail *mail)
{
	int err;

	err = people_collect(mail);
	if (err)
		return err;

	err = headers(of, mail);
	if (!err)
		err = content(of, mail);
	mail->peoplev = mem_deref(mail->peoplev);

	return err;
}
