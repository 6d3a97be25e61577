/**
 * @file tests/differ/gen_bend.c  What is done to messages
 */
#include <string.h>
#include "tests/differ/gen_priv.h"

typedef void (bend_h)(struct draft *d);


/* The line of that field, NULL: it has gone */
static char *line(struct draft *d, const char *name)
{
	const size_t l = strlen(name);

	for (size_t i = 1; i < d->linec; i++) {
		if (!strncasecmp(d->linev[i], name, l) &&
		    d->linev[i][l] == ':')
			return d->linev[i];
	}

	return NULL;
}


static void set(struct draft *d, const char *name, const char *value)
{
	char *p = line(d, name);

	if (p)
		(void)re_snprintf(p, DRAFT_LINE, "%s: %s", name, value);
	else
		draft_add(d, "%s: %s", name, value);
}


/* ------------------------------------------------------------------ bending */

/* A line more, somewhere among the others */
static void insert(struct draft *d, const char *text)
{
	const size_t at = 1 + draft_roll(d, (uint32_t)d->linec);

	if (d->linec >= DRAFT_LINES)
		return;
	memmove(d->linev[at + 1 < DRAFT_LINES ? at + 1 : at], d->linev[at],
		(d->linec - at) * DRAFT_LINE);
	str_ncpy(d->linev[at], text, DRAFT_LINE);
	++d->linec;
}


static void bend_address(struct draft *d)
{
	static const char *const namev[] = { "From", "To", "From", "To", "f",
					     "t", "Contact" };
	static const char *const valuev[] = {
		"<sip:ada@example.net>", "sip:ada@example.net",
		"<sip:ada@example.net>;tag=", "<sip:ada@example.net>;tag",
		"<sip:ada@example.net>;tag=a;tag=b",
		"<sip:ada@example.net>;tag=;tag=b",
		"<sip:ada@example.net>;tag=b;tag=",
		"<sip:ada@example.net>;TAG=a", "<sip:ada@example.net>;Tag=a;tag=b",
		"<sip:ada@example.net> ; tag = a", "<sip:ada@example.net>;\ttag=a",
		"<sip:ada@example.net>;tag=\"a\"", "<sip:ada@example.net>;tag=a b",
		"<sip:ada@example.net;tag=x>;tag=y", "<sip:ada@example.net;tag=x>",
		"sip:ada@example.net;tag=a", "sip:ada@example.net;tag=a;tag=b",
		"sip:ada@example.net;tag=a,sip:eve@example.net;tag=b",
		"<sip:ada@example.net>;tag=a,<sip:eve@example.net>;tag=b",
		"\"Ada\" <sip:ada@example.net>;tag=a",
		"\"A \\\" <sip:eve@x>;tag=b\" <sip:ada@example.net>;tag=a",
		"\"A \\\\\" <sip:ada@example.net>;tag=a",
		"\"A <sip:eve@example.net>\" <sip:ada@example.net>;tag=a",
		"\"unfinished <sip:ada@example.net>;tag=a",
		"Ada Lovelace <sip:ada@example.net>;tag=a",
		"Ada;tag=q <sip:ada@example.net>;tag=a",
		"Ada, Q <sip:ada@example.net>;tag=a",
		"\xc3\x84 da <sip:ada@example.net>;tag=a",
		"<sip:ada@example.net>;x=\";tag=b\";tag=a",
		"<sip:ada@example.net>;x=\"y\\\";tag=b\";tag=a",
		"<sip:ada@example.net>;tag=a;x=<sip:y>;tag=b",
		"<sip:ada@example.net>>;tag=a", "<<sip:ada@example.net>>;tag=a",
		"<sip:ada@example.net>;tag=a;", "<sip:ada@example.net>;;tag=a",
		"<sip:ada@example.net>tag=a", "<sip:ada@example.net> x;tag=a",
		"<sip:ada@example.net>;tag=a%00b", "<sip:a%40b@example.net>;tag=a",
		"<sip:ada:pw@example.net:5060;transport=tcp?x=y>;tag=a",
		"<sips:ada@example.net>;tag=a", "<tel:+123>;tag=a",
		"<sip:ada@[2001:db8::1]:5060>;tag=a", "<sip:@example.net>;tag=a",
		"<sip:ada@>;tag=a", "<>;tag=a", "", "*", ";tag=a",
		"<sip:ada@example.net>;tag=a\r\n ;epid=b",
		"<sip:ada@example.net>\r\n\t;tag=a", "\r\n <sip:a@b>;tag=c",
		"<sip:ada@example.net\r\n >;tag=a", "< sip:ada@example.net >;tag=a",
		"<sip:ada@example.net>;tag=a(comment)", "<SIP:Ada@EXAMPLE.net>;tag=A",
		"<sip:ada@example.net>;t%61g=a", "<sip:ada@example.net>;tagx=a;xtag=b",
		"<sip:ada@example.net>;tag =a;epid=x", "<sip:ada@example.net>;tag=a=b",
	};

	set(d, PICK(d, namev), PICK(d, valuev));
}


static void bend_length(struct draft *d)
{
	static const char *const fmtv[] = {
		"0", "%u ", " %u", "0%u", "+%u", "-1", "%u, %u", "%ux", "0x10",
		"4294967296", "99999999999999999999", "", "\t%u", "%u;x", "a",
		"%u\r\n ", "\r\n %u", "1 %u",
	};
	const unsigned n = (unsigned)strlen(d->body);
	char twice[64];

	switch (draft_roll(d, 8)) {
	case 0: d->no_length = true; return;
	case 1:
		(void)re_snprintf(twice, sizeof(twice), "Content-Length: %u",
				  draft_roll(d, 3) ? n : n + 5);
		insert(d, twice);
		return;
	case 2:
		(void)re_snprintf(twice, sizeof(twice), "l: %u",
				  draft_roll(d, 3) ? n : n / 2);
		insert(d, twice);
		return;
	case 3:
		(void)re_snprintf(d->length, sizeof(d->length), "%u",
				  n > 4 ? n - 1 - draft_roll(d, 3) : n + 1);
		return;
	default:
		(void)re_snprintf(d->length, sizeof(d->length),
				  PICK(d, fmtv), n, n);
		if (!d->length[0])
			str_ncpy(d->length, " ", sizeof(d->length));
	}
}


static void bend_first(struct draft *d)
{
	static const char *const firstv[] = {
		"INFO  sip:pool@example.net SIP/2.0",
		"INFO sip:pool@example.net  SIP/2.0",
		"INFO sip:pool@example.net SIP/2.0 ",
		"INFO sip:pool@example.net sip/2.0",
		"info sip:pool@example.net SIP/2.0",
		"INFO sip:pool@example.net SIP/3.0",
		"INFO <sip:pool@example.net> SIP/2.0", "INFO sip:po ol@x SIP/2.0",
		"INFO\tsip:pool@example.net\tSIP/2.0", "INFO sip:pool@example.net",
		" INFO sip:pool@example.net SIP/2.0", "INFO  SIP/2.0", "INFO",
		"INFO tel:+123 SIP/2.0", "INFO http://x/ SIP/2.0",
		"INF\xc3\xb6 sip:x SIP/2.0",
		"INFO sip:pool@example.net;x=\"y z\" SIP/2.0",
		"INFO sip:pool@example.net?to=x SIP/2.0", "INFO * SIP/2.0",
		"INFO sips:pool@example.net SIP/2.0", "SIP/2.0 200 OK",
		"SIP/2.0 200", "SIP/2.0  200 OK", "SIP/2.0 20 OK", "SIP/2.0 99 X",
		"SIP/2.0 2000 X", "SIP/2.0 700 X", "SIP/1.0 200 OK",
		"SIP/2.0 200 \xc3\x96k", "sip/2.0 200 OK", "SIP/2.0 2OO OK",
		"X-FOO sip:pool@example.net SIP/2.0", "GET / HTTP/1.1",
		"\r\nINFO sip:pool@example.net SIP/2.0", "INFO sip: SIP/2.0",
		"INFO sip:pool@example.net:99999 SIP/2.0",
		"INFO sip:pool@example.net:x SIP/2.0",
	};

	str_ncpy(d->linev[0], PICK(d, firstv), DRAFT_LINE);
}


static void bend_cseq(struct draft *d)
{
	static const char *const valuev[] = {
		"1 INFO", "1  INFO", "1\tINFO", "01 INFO", "1 info", "1", "INFO",
		"1 INVITE", "-1 INFO", "4294967295 INFO", "4294967296 INFO",
		"2147483648 INFO", "1 INFO x", "1INFO", "", "1\r\n INFO", "+1 INFO",
		"99999999999 INFO", "1 INFO, 2 INFO", "0x1 INFO", "0 INFO",
	};

	set(d, "CSeq", PICK(d, valuev));
}


static void bend_routes(struct draft *d)
{
	static const char *const linev[] = {
		"Route: <sip:127.0.0.1:5060;lr>", "Route: <sip:a;lr>, <sip:b;lr>",
		"Route: <sip:a;lr>\r\n , <sip:b>", "Route : <sip:a;lr>",
		"route:<sip:a;lr>", "Route: \"x, y\" <sip:a;lr>", "Route: ",
		"Route:", "Route: sip:a;lr", "Record-Route: <sip:a;lr>",
		"Record-Route: <sip:a;lr>,<sip:b;lr>", "RECORD-ROUTE: <sip:a>",
		"Record-Route : <sip:a;lr>", "Route: <sip:a;lr", "Path: <sip:a>",
		"X-Route: <sip:a>", "Route\t: <sip:a;lr>", "Route: ,<sip:a;lr>",
		"Record-Route:\r\n <sip:a;lr>", "Route: <sip:a;lr>;x=\"<\"",
	};

	insert(d, PICK(d, linev));
	if (!draft_roll(d, 2))
		insert(d, PICK(d, linev));
}


static void bend_identity(struct draft *d)
{
	static const char *const linev[] = {
		"P-Asserted-Identity: <sip:eve@example.net>",
		"p-asserted-identity: <sip:eve@example.net>",
		"P-Asserted-Identity : <sip:eve@example.net>",
		"P-Asserted-Identity\t:<sip:eve@example.net>",
		"P-Asserted-Identity:\r\n <sip:eve@example.net>",
		"P-Asserted-Identity\r\n : <sip:eve@example.net>",
		"P-Asserted-Identity", "P-Asserted-Identity:",
		" P-Asserted-Identity: <sip:eve@example.net>",
		"X: y\nP-Asserted-Identity: <sip:eve@example.net>",
		"X: y\rP-Asserted-Identity: <sip:eve@example.net>",
		"X: y\r\n P-Asserted-Identity: <sip:eve@example.net>",
		"X\nP-Asserted-Identity: <sip:eve@example.net>",
		"P-Asserted-Identity;x: <sip:eve@example.net>",
		"P-Asserted-Identity: <sip:eve@example.net>, <tel:+1>",
		"P-Asserted_Identity: <sip:eve@example.net>",
		"Proxy-Authorization: Digest username=\"x\"",
		"Proxy-Authorization : Digest username=\"x\"",
		"proxy-authorization:Digest x",
	};

	insert(d, PICK(d, linev));
}


static void bend_name(struct draft *d)
{
	static const struct {
		const char *name, *other;
	} pairv[] = {
		{ "From", "f" }, { "To", "t" }, { "Via", "v" },
		{ "Call-ID", "i" }, { "Contact", "m" }, { "From", "FROM" },
		{ "To", "to" }, { "Call-ID", "CALL-id" }, { "CSeq", "cseq" },
		{ "Via", "VIA" }, { "To", "To " }, { "From", "From\t" },
		{ "Call-ID", "Call-ID  " }, { "CSeq", "CSeq " },
		{ "To", "T o" }, { "Call-ID", "Call_ID" }, { "Via", "Via\r\n " },
		{ "Max-Forwards", "max-forwards" }, { "To", "" },
	};
	const size_t i = draft_roll(d, ARRAY_SIZE(pairv));
	char *p = line(d, pairv[i].name), value[DRAFT_LINE];

	if (!p)
		return;
	str_ncpy(value, p + strlen(pairv[i].name), sizeof(value));
	(void)re_snprintf(p, DRAFT_LINE, "%s%s", pairv[i].other, value);
}


static void bend_repeat(struct draft *d)
{
	static const char *const linev[] = {
		"From: <sip:eve@example.net>;tag=e", "f: <sip:eve@x>;tag=e",
		"To: <sip:eve@example.net>;tag=e", "t: <sip:eve@x>",
		"Call-ID: other", "i: other", "CSeq: 7 INFO", "Max-Forwards: 1",
		"Via: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bKx",
		"v: SIP/2.0/TCP 192.0.2.1, SIP/2.0/TCP 192.0.2.2",
		"Content-Type: text/xml", "c: text/xml", "Contact: <sip:x@y>",
		"m: <sip:x@y>, <sip:z@y>", "Expires: 1", "Event: x", "o: x",
		"Content-Length : 3", "L: 3", "Require: x", "Supported: timer",
	};

	insert(d, PICK(d, linev));
}


static void bend_blank(struct draft *d)
{
	static const char *const linev[] = {
		"X", "X:", ":", ": x", " x", "\tx", "X Y: z", "X\x01: y", "X: \x01",
		"X: \x7f", "X: \xff\xfe", "X: a\rb", "X: a\nb", "X: a\n\rb", "",
		"X: a\r\r\n b", "X: a\n b", "X: a\r\n\r b", "X-\xc3\xa4: y",
		"X: \"unfinished", "X(y): z", "X: a\r", "\rX: a", "X: a\n",
		"Subject: long\r\n more\r\n\tand more", "X@y: z", "X\"y\": z",
	};

	insert(d, PICK(d, linev));
}


static void bend_fold(struct draft *d)
{
	char *p = d->linev[1 + draft_roll(d, (uint32_t)d->linec - 1)];
	char *sp = strchr(p, ' '), rest[DRAFT_LINE];

	if (!sp)
		return;
	str_ncpy(rest, sp + 1, sizeof(rest));
	(void)re_snprintf(sp, DRAFT_LINE - (size_t)(sp - p), "\r\n%s%s",
			  draft_roll(d, 2) ? " " : "\t", rest);
}


static void bend_drop(struct draft *d)
{
	const size_t at = 1 + draft_roll(d, (uint32_t)d->linec - 1);

	memmove(d->linev[at], d->linev[at + 1], (d->linec - at - 1) * DRAFT_LINE);
	--d->linec;
}


static void bend_many(struct draft *d)
{
	const unsigned n = 5 + draft_roll(d, 25);

	for (unsigned i = 0; i < n; i++)
		draft_add(d, "Via: SIP/2.0/TCP 192.0.2.%u:5060;branch=z9hG4bK%u", i,
		    i);
}


static void bend_long(struct draft *d)
{
	char text[3200];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text, "X: ", 3);
	insert(d, text);
}


static void bend_byte(struct draft *d)
{
	char *p = d->linev[draft_roll(d, (uint32_t)d->linec)];
	const size_t l = strlen(p);

	if (l)
		p[draft_roll(d, (uint32_t)l)] = (char)(1 + draft_roll(d, 255));
}


static void bend_eol(struct draft *d)
{
	static const char *const eolv[] = { "\n", "\r", "\r\r\n", "\n\r" };

	d->eol = PICK(d, eolv);
}


static void bend_body(struct draft *d)
{
	static const char *const bodyv[] = {
		"", "\r\n", "\r\n\r\n", "INFO sip:eve@x SIP/2.0\r\nTo: <x>\r\n\r\n",
		"a\nb\n", "--b\r\n\r\n--b--\r\n", "Content-Length: 0\r\n\r\n",
	};

	str_ncpy(d->body, PICK(d, bodyv), sizeof(d->body));
}


static bend_h *const bendv[] = {
	bend_address, bend_address, bend_address, bend_length, bend_first,
	bend_cseq, bend_routes, bend_identity, bend_identity, bend_name,
	bend_repeat, bend_blank, bend_fold, bend_drop, bend_many, bend_long,
	bend_byte, bend_byte, bend_eol, bend_body,
};


void draft_bend(struct draft *d)
{
	PICK(d, bendv)(d);
}
