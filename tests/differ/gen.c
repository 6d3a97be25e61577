/**
 * @file tests/differ/gen.c  Messages bent on purpose, the same for a seed
 *
 * A message begins as a right one, in lines; one to three things are done to
 * it (gen_bend.c); then it is written.
 */
#include <string.h>
#include "tests/differ/gen_priv.h"

uint32_t draft_roll(struct draft *d, uint32_t n)
{
	uint64_t z = (d->rnd += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;

	return (uint32_t)((z ^ (z >> 31)) % n);
}


void draft_add(struct draft *d, const char *fmt, ...)
{
	va_list ap;

	if (d->linec >= DRAFT_LINES)
		return;
	va_start(ap, fmt);
	(void)re_vsnprintf(d->linev[d->linec++], DRAFT_LINE, fmt, ap);
	va_end(ap);
}


/* ----------------------------------------------------------------- beginning */

static void begin(struct draft *d)
{
	static const char *const methodv[] = {
		"INVITE", "INFO", "BYE", "UPDATE", "SUBSCRIBE", "SERVICE",
		"REGISTER", "ACK", "CANCEL", "MESSAGE",
	};
	const char *method = PICK(d, methodv);

	d->eol = "\r\n";
	if (draft_roll(d, 4))
		draft_add(d, "%s sip:pool@example.net SIP/2.0", method);
	else
		draft_add(d, "SIP/2.0 %u OK", 100 + draft_roll(d, 500));
	draft_add(d, "Via: SIP/2.0/TCP 192.0.2.7:5060;branch=z9hG4bK%08x",
	    draft_roll(d, UINT32_MAX));
	draft_add(d, "From: <sip:ada@example.net>;tag=%x;epid=e1", draft_roll(d, 99999));
	draft_add(d, "To: <sip:pool@example.net>%s", draft_roll(d, 2) ? ";tag=b" : "");
	draft_add(d, "Call-ID: %08x@192.0.2.7", draft_roll(d, UINT32_MAX));
	draft_add(d, "CSeq: %u %s", 1 + draft_roll(d, 99999), method);
	draft_add(d, "Max-Forwards: 70");
	draft_add(d, "Contact: <sip:ada@192.0.2.7:5060;transport=tcp>");
	draft_add(d, "Content-Type: text/plain");
	str_ncpy(d->body, "<xccos ver=\"1\"/>\r\n", sizeof(d->body));
}


static void write_draft(struct mbuf *mb, const struct draft *d)
{
	for (size_t i = 0; i < d->linec; i++)
		(void)mbuf_printf(mb, "%s%s", d->linev[i], d->eol);
	if (!d->no_length && d->length[0])
		(void)mbuf_printf(mb, "Content-Length: %s%s", d->length,
				  d->eol);
	else if (!d->no_length)
		(void)mbuf_printf(mb, "Content-Length: %zu%s",
				  strlen(d->body), d->eol);
	(void)mbuf_printf(mb, "%s%s", d->eol, d->body);
}


void gen_message(struct mbuf *mb, uint64_t seed, unsigned n)
{
	struct draft *d = mem_zalloc(sizeof(*d), NULL);

	if (!d)
		return;
	d->rnd = seed * 1000003u + n;
	begin(d);
	for (uint32_t i = 0, times = 1 + draft_roll(d, 3); i < times; i++)
		draft_bend(d);
	write_draft(mb, d);

	/* a NUL, now and then */
	if (!draft_roll(d, 40) && mb->end > 200)
		mb->buf[draft_roll(d, 200)] = 0;
	mem_deref(d);
}


/* -------------------------------------------------------- right, however odd */

#define REST "Via: SIP/2.0/TCP 192.0.2.7;branch=z9hG4bKx\r\nCall-ID: c\r\n" \
	"CSeq: 1 INFO\r\nMax-Forwards: 70\r\n"
#define INFO "INFO sip:pool@example.net SIP/2.0\r\n"

static const char *const rightv[] = {
	INFO REST "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n"
	"Content-Length: 0\r\n\r\n",
	INFO REST "f: \"A, \\\"B\\\" <x>;tag=no\" <sip:a@b>;tag=1\r\n"
	"t: C D <sip:c@d;x=y>;tag=2;epid=3\r\nl: 2\r\n\r\nxx",
	INFO REST "From: sip:a@b;tag=1\r\nTo: sip:c@d\r\n"
	"Content-Length:\t0\r\n\r\n",
	INFO REST "FROM : <sip:a@b>\r\n ;tag = 1\r\nTo\t: <sip:c@d>;epid\r\n"
	"CONTENT-LENGTH : 0\r\n\r\n",
	INFO REST "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n"
	"v: SIP/2.0/TCP h1;branch=1,SIP/2.0/TCP h2;branch=2\r\n"
	"Via: SIP / 2.0 / TCP h3\r\nX: y\r\n z\r\n\tw\r\nX:\r\n"
	"Content-Length: 0\r\n\r\n",
	INFO REST "From: <sip:a%2Eb@c:5060;transport=tcp?d=e>;tag=a.!%*_+`'~-\r\n"
	"To: <sip:c@[2001:db8::1]>;x=\"q;tag=r\"\r\nContent-Length: 0\r\n\r\n",
	"SIP/2.0 200 OK\r\n" REST "From: <sip:a@b>;tag=1\r\n"
	"To: <sip:c@d>;tag=2\r\nContent-Length: 0\r\n\r\n",
	"SIP/2.0 481 \r\n" REST "From: <sip:a@b>;tag=1\r\n"
	"To: <sip:c@d>;tag=2\r\nContent-Length: 0\r\n\r\n",
};


const char *gen_right(unsigned n)
{
	return n < ARRAY_SIZE(rightv) ? rightv[n] : NULL;
}
