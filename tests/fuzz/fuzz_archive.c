/**
 * @file tests/fuzz/fuzz_archive.c  What adapters write of any names and texts
 *
 * The input is texts, each ended by 0xff: six of the room and the user, then
 * for each event its kind and its text.
 *
 * What must hold: XML is well-formed, a line of JSON is JSON, a mail has short
 * lines of ASCII, no header field but its own, and in its text no line that
 * looks like one of an event but is none.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <libxml/parser.h>
#include <re.h>
#include "common/json.h"
#include "common/utf8.h"
#include "compliance/adapter.h"
#include "compliance/outfile.h"
#include "compliance/adapter/emlmail.h"
#include "compliance/adapter/jsonline.h"
#include "compliance/adapter/xmlconv.h"
#include "compliance/adapter/xmlside.h"
#include "tests/fuzz/fuzz.h"

#define GUID "69da05f7-1085-415c-a0ef-1ddf8ce54de1"

enum { TEXT_END = 0xff, TEXTS_MAX = 64, EVENTS_MAX = 16, MAIL_LINE_MAX = 998,
       INPUT_MAX = 2048 };

/* 2013-11-05T14:00:00Z */
static const int64_t T0 = 1383660000LL * 1000000;

static char *textv[TEXTS_MAX];
static size_t textc;
static struct adapter_event eventv[EVENTS_MAX];
static struct adapter_user user = { .id = 7, .internal = true };
static struct adapter_room room = { .guid = GUID, .privacy = "open",
				    .type = "normal", .logged = true };


/* "" is a text that is not there; the store has no other than UTF-8 */
static const char *text_take(struct fuzz_in *in)
{
	size_t l;
	char *text;

	if (!in->l || textc == TEXTS_MAX)
		return NULL;

	text = fuzz_text(in, TEXT_END, &l);
	textv[textc++] = text;

	return *text && utf8_xml_valid((uint8_t *)text, strlen(text)) ?
		text : NULL;
}


static void event_take(struct adapter_event *ev, struct fuzz_in *in)
{
	static const struct { enum adapter_event_kind kind; const char *type; }
	kindv[] = {
		{ EV_CHAT, "CHAT" }, { EV_BACKCHAT, "BACKCHAT" },
		{ EV_FILEUPLOAD, "FILEUPLOAD" }, { EV_REPLACED, "REPLACED" },
		{ EV_FILEDOWNLOAD, "FILEDOWNLOAD" }, { EV_JOIN, "JOIN" },
		{ EV_PART, "PART" }, { EV_ROOM, "ROOM" }, { EV_ADMIN, "ADMIN" },
	};
	const uint8_t what = fuzz_byte(in);
	const char *text = text_take(in);

	memset(ev, 0, sizeof(*ev));
	ev->id    = GUID;
	ev->kind  = kindv[what % ARRAY_SIZE(kindv)].kind;
	ev->type  = kindv[what % ARRAY_SIZE(kindv)].type;
	ev->ts_us = T0 + what;
	ev->user  = what & 0x80 ? NULL : &user;
	ev->session = what & 0x40 ? text : NULL;
	if (ev->kind == EV_CHAT) {
		ev->chat = text;
		ev->rtf  = what & 0x20 ? text : NULL;
	}
	else if (ev->kind == EV_FILEUPLOAD || ev->kind == EV_FILEDOWNLOAD) {
		ev->file  = GUID ".txt";
		ev->title = text;
		ev->path  = what & 0x20 ? "/dev/null" : NULL;
		ev->lost  = !ev->path && ev->kind == EV_FILEUPLOAD;
	}
	else {
		ev->chat   = ev->kind == EV_REPLACED ? text : NULL;
		ev->detail = "{\"a\":\"b\"}";
	}
}


/* -------------------------------------------------------------- what came out */

static char *content(struct outfile *of, size_t *lenp)
{
	size_t pos = 0;
	char *buf;
	ssize_t n;
	int fd;

	*lenp = (size_t)outfile_size(of);
	fuzz_check(!outfile_rewind(of, &fd));
	buf = malloc(*lenp + 1);
	fuzz_check(buf != NULL);
	while ((n = read(fd, buf + pos, *lenp - pos)) > 0)
		pos += (size_t)n;
	fuzz_check(pos == *lenp);
	buf[pos] = '\0';

	return buf;
}


static struct outfile *temp(void)
{
	struct outfile *of;
	const char *tmp = getenv("TMPDIR");

	fuzz_check(!outfile_temp(&of, tmp ? tmp : "/tmp"));

	return of;
}


static void check_xml(struct outfile *of)
{
	size_t l;
	char *buf = content(of, &l);
	xmlDoc *doc = xmlReadMemory(buf, (int)l, NULL, NULL, XML_PARSE_NONET |
				    XML_PARSE_NOERROR | XML_PARSE_NOWARNING);

	fuzz_check(doc != NULL);
	xmlFreeDoc(doc);
	free(buf);
	mem_deref(of);
}


static void xml_any(const struct adapter_batch *batch)
{
	static const struct xmlconv_opt optv[] = {
		{ false, false, false, false }, { true, true, true, true },
	};
	struct outfile *of;

	for (size_t i = 0; i < ARRAY_SIZE(optv); i++) {
		of = temp();
		xmlconv_open(of);
		xmlconv_write(of, batch->convv, &optv[i]);
		xmlconv_close(of);
		check_xml(of);
	}

	of = temp();
	xmlside_admin(of, batch);
	check_xml(of);
	of = temp();
	xmlside_attach(of, batch, NULL);
	check_xml(of);
}


static void json_any(const struct adapter_batch *batch)
{
	struct jsonline jl = { .batch = batch, .opt = { true, true, true } };
	struct mbuf *mb = mbuf_alloc(1024);
	json_t *line;
	int err;

	while (!(err = jsonline_next(&jl, mb))) {
		fuzz_check(mb->end && mb->buf[mb->end - 1] == '\n' &&
			   !memchr(mb->buf, '\n', mb->end - 1));
		line = json_loadb((char *)mb->buf, mb->end,
				  JSON_REJECT_DUPLICATES, NULL);
		fuzz_check(json_is_object(line));
		json_decref(line);
		mbuf_reset(mb);
	}
	fuzz_check(err == ENOENT);
	mem_deref(mb);
}


/* ----------------------------------------------------------------------- mail */

static bool field_known(const char *line)
{
	static const char *const namev[] = {
		"Date: ", "From: ", "To: ", "Subject: ", "Message-ID: ",
		"MIME-Version: ", "Auto-Submitted: ", "Precedence: ",
		"X-GlobalRelay-MsgType: ", "X-Pchat-", "Content-Type: ",
	};

	for (size_t i = 0; i < ARRAY_SIZE(namev); i++) {
		if (!strncmp(line, namev[i], strlen(namev[i])))
			return true;
	}

	return *line == ' ';
}


static void check_lines(const char *mail, size_t l)
{
	const char *line = mail, *end;
	bool head = true;

	for (; line < mail + l; line = end + 2) {
		end = memmem(line, (size_t)(mail + l - line), "\r\n", 2);
		fuzz_check(end && end - line <= MAIL_LINE_MAX);
		if (end == line)
			head = false;
		fuzz_check(!head || field_known(line));
		for (const char *p = line; p < end; p++)
			fuzz_check((*p >= ' ' && *p < 0x7f) || *p == '\t');
	}
	fuzz_check(!head);
}


/* Of the quoted-printable text, decoded: lines that look like an event's */
static size_t event_lines(const char *mail)
{
	const char *p = strstr(mail, "\r\nContent-Type: text/plain;");
	const char *end;
	bool begins = true;
	size_t n = 0;

	p = p ? strstr(p, "\r\n\r\n") : NULL;
	end = p ? strstr(p, "--=_pchat_alt") : NULL;
	fuzz_check(p && end);
	for (p += 4; p < end; p++) {
		char c = *p;

		if (c == '=' && p[1] == '\r') {
			p += 2;
			continue;
		}
		if (c == '=') {
			c = (char)(ch_hex(p[1]) << 4 | ch_hex(p[2]));
			p += 2;
		}
		n += begins && c == '[';
		begins = c == '\n' || c == '\r' || c == '\v' || c == '\f';
	}

	return n;
}


static void quiet(void *arg, int level, const char *fmt, ...)
{
	(void)arg;
	(void)level;
	(void)fmt;
}


static void mail_any(const struct adapter_batch *batch)
{
	static const struct adapter_host host = { .log = quiet };
	static char domain[] = "pchat.invalid", type[] = "pchat";
	const struct eml_opt opt = {
		.host = &host, .domain = domain, .msgtype = type,
		.mail_bytes = 8192, .attach_bytes = 100, .to_bytes = 256,
	};
	struct emlmail mail;
	bool more = emlmail_first(&mail, &opt, batch, batch->convv);

	for (; more; more = emlmail_next(&mail)) {
		struct outfile *of = temp();
		size_t l;
		char *buf;

		fuzz_check(!emlmail_write(of, &mail));
		buf = content(of, &l);
		check_lines(buf, l);
		fuzz_check(event_lines(buf) == mail.to - mail.from);
		free(buf);
		mem_deref(of);
	}
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct adapter_user *const inv[] = { &user };
	struct adapter_conversation conv = {
		&room, T0, T0 + 900000000, inv, 1, inv, 1, eventv, 0
	};
	struct adapter_batch batch = { 7, T0, T0 + 900000000, &conv, 1, 0,
				       "/nowhere", false };
	struct fuzz_in in = { data, size };
	const char *uri;

	if (size > INPUT_MAX)
		return 0;

	fuzz_init();
	room.name        = text_take(&in);
	room.description = text_take(&in);
	room.category    = text_take(&in);
	user.display     = text_take(&in);
	user.email       = text_take(&in);
	uri              = text_take(&in);
	user.uri         = uri ? uri : "sip:ada@example.net";
	room.uri         = uri;
	while (in.l && conv.eventc < EVENTS_MAX)
		event_take(&eventv[conv.eventc++], &in);
	batch.eventc = conv.eventc;

	xml_any(&batch);
	json_any(&batch);
	mail_any(&batch);

	while (textc)
		free(textv[--textc]);

	return 0;
}
