/**
 * @file tests/support/regclient.c  A client behind the registrar
 */
#include <openssl/sha.h>
#include <string.h>
#include <re.h>
#include "tests/support/rawsip.h"
#include "tests/support/regclient.h"

enum { HASH_SIZE = 65 };

struct reg {
	struct raw *raw;
	char user[64], uri[96], password[64], ftag[12];
	bool sha256;
	uint32_t cseq;
	char *callid, *to, *routes, *target;     /* of the dialog            */
};


static void destructor(void *data)
{
	struct reg *r = data;

	mem_deref(r->raw);
	mem_deref(r->callid);
	mem_deref(r->to);
	mem_deref(r->routes);
	mem_deref(r->target);
}


int reg_open(struct reg **rp, const struct reg_conf *conf)
{
	struct reg *r = mem_zalloc(sizeof(*r), destructor);
	int err;

	if (!r)
		return ENOMEM;

	str_ncpy(r->user, conf->user, sizeof(r->user));
	str_ncpy(r->password, conf->password ? conf->password : "",
		 sizeof(r->password));
	(void)re_snprintf(r->uri, sizeof(r->uri), "sip:%s@example.net",
			  conf->user);
	rand_str(r->ftag, sizeof(r->ftag));
	r->sha256 = conf->sha256;

	err = raw_open_from(&r->raw, conf->hop, conf->source);
	if (err)
		mem_deref(r);
	else
		*rp = r;

	return err;
}


const char *reg_user(const struct reg *r)
{
	return r->user;
}


struct raw *reg_raw(struct reg *r)
{
	return r->raw;
}


/* ---------------------------------------------------------------- requests */

static int put(struct reg *r, const struct reg_req *q, const char *proof)
{
	const char *ruri = q->ruri ? q->ruri :
		q->in_dialog ? r->target : "sip:example.net";
	const char *body = q->body ? q->body : "";
	char callid[24], branch[16], from[160], to[160];
	char contact[160];

	rand_str(callid, sizeof(callid));
	rand_str(branch, sizeof(branch));
	(void)re_snprintf(from, sizeof(from), "<%s>;tag=%s;epid=e1", r->uri,
			  r->ftag);
	(void)re_snprintf(to, sizeof(to), "<%s>", ruri);
	(void)re_snprintf(contact, sizeof(contact), "Contact: <sip:%s@%s;"
			  "transport=tcp>\r\n", r->user, raw_local(r->raw));

	return raw_write(r->raw, "%s %s SIP/2.0\r\n"
			 "Via: SIP/2.0/TCP %s;branch=z9hG4bK%s\r\n%s"
			 "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n"
			 "Max-Forwards: 70\r\n%s%s%s"
			 "%s%s%s%sContent-Length: %zu\r\n\r\n%s",
			 q->method, ruri, raw_local(r->raw), branch,
			 q->via ? q->via : "",
			 q->from ? q->from : from,
			 q->to ? q->to : q->in_dialog ? r->to : to,
			 q->callid ? q->callid :
			 q->in_dialog ? r->callid : callid,
			 r->cseq, q->method,
			 q->in_dialog ? r->routes : "", proof,
			 q->more ? q->more : "",
			 q->no_contact ? "" : contact,
			 q->ctype ? "Content-Type: " : "",
			 q->ctype ? q->ctype : "", q->ctype ? "\r\n" : "",
			 strlen(body), body);
}


static uint16_t ask_with(struct reg *r, const struct reg_req *q,
			 const char *proof)
{
	r->cseq = q->cseq ? q->cseq : r->cseq + 1;
	if (put(r, q, proof) || q->unanswered)
		return 0;

	return raw_status(r->raw, r->cseq, q->method);
}


uint16_t reg_ask(struct reg *r, const struct reg_req *q)
{
	return ask_with(r, q, "");
}


uint16_t reg_prove(struct reg *r, const struct reg_req *q)
{
	uint16_t status = reg_ask(r, q);
	char *proof;

	if (status != 407 || !r->password[0])
		return status;

	proof = reg_digest(r, q->method);
	status = proof ? ask_with(r, q, proof) : 407;
	mem_deref(proof);

	return status;
}


/* ------------------------------------------------------------------ Digest */

static void hash(char out[HASH_SIZE], bool sha256, const char *fmt, ...)
{
	uint8_t md[SHA256_DIGEST_LENGTH];
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	(void)re_vsdprintf(&text, fmt, ap);
	va_end(ap);
	if (sha256)
		(void)SHA256((uint8_t *)text, strlen(text), md);
	else
		md5((uint8_t *)text, strlen(text), md);
	(void)re_snprintf(out, HASH_SIZE, "%w", md,
			  sha256 ? sizeof(md) : (size_t)MD5_SIZE);
	mem_deref(text);
}


/* SIPE's "uri" */
char *reg_digest(const struct reg *r, const char *method)
{
	const char *msg = raw_answer(r->raw);
	const bool sha256 = r->sha256 && msg && strstr(msg, "SHA-256");
	char ha1[HASH_SIZE], ha2[HASH_SIZE], response[HASH_SIZE], *line = NULL;
	struct pl nonce;

	if (!msg || re_regex(msg, strlen(msg), "nonce=\"[^\"]+\"", &nonce))
		return NULL;

	hash(ha1, sha256, "%s:example.net:%s", r->user, r->password);
	hash(ha2, sha256, "%s:(null)", method);
	hash(response, sha256, "%s:%r:00000001:c0ffee:auth:%s", ha1, &nonce,
	     ha2);
	(void)re_sdprintf(&line, "Proxy-Authorization: Digest username=\"%s\","
			  " realm=\"example.net\", nonce=\"%r\", uri=\"(null)"
			  "\", qop=auth, nc=00000001, cnonce=\"c0ffee\","
			  " algorithm=%s, response=\"%s\"\r\n", r->user,
			  &nonce, sha256 ? "SHA-256" : "MD5", response);

	return line;
}


/* ------------------------------------------------------- the usual requests */

uint16_t reg_register(struct reg *r)
{
	char to[112];
	const struct reg_req q = { .method = "REGISTER", .to = to };

	(void)re_snprintf(to, sizeof(to), "<%s>", r->uri);

	return reg_prove(r, &q);
}


/* Record-Route reversed */
static char *routes_of(const char *msg)
{
	static const char name[] = "Record-Route: ";
	const char *p = msg, *end = strstr(msg, "\r\n\r\n");
	char *routes = NULL;

	while ((p = strstr(p, name)) && p < end) {
		char *more = NULL;

		p += strlen(name);
		(void)re_sdprintf(&more, "Route: %b\r\n%s", p,
				  strcspn(p, "\r"), routes ? routes : "");
		mem_deref(routes);
		routes = more;
	}

	return routes;
}


static void remember(struct reg *r)
{
	const char *msg = raw_answer(r->raw);
	char *contact = raw_header(msg, "Contact");
	struct pl pl;

	mem_deref(r->to);
	mem_deref(r->target);
	mem_deref(r->routes);
	r->target = NULL;
	r->to     = raw_header(msg, "To");
	r->routes = routes_of(msg);
	if (contact && !re_regex(contact, strlen(contact), "<[^>]+>", &pl))
		(void)pl_strdup(&r->target, &pl);
	mem_deref(contact);
}


uint16_t reg_invite(struct reg *r, const char *pool_uri)
{
	const struct reg_req q = {
		.method = "INVITE", .ruri = pool_uri,
		.more = "Supported: ms-sender\r\n", .ctype = "application/sdp",
		.body = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=session\r\n"
		"c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=message 5060 sip null\r\n"
	};

	return reg_open_dialog(r, &q);
}


uint16_t reg_open_dialog(struct reg *r, const struct reg_req *invite)
{
	struct reg_req q = *invite;
	char callid[24];
	const struct reg_req ack = {
		.method = "ACK", .in_dialog = true, .unanswered = true
	};
	uint16_t status;

	rand_str(callid, sizeof(callid));
	q.callid = callid;
	status = reg_prove(r, &q);
	if (status != 200)
		return status;

	mem_deref(r->callid);
	r->callid = NULL;
	(void)str_dup(&r->callid, callid);
	remember(r);
	--r->cseq;
	(void)reg_ask(r, &ack);

	return status;
}


uint16_t reg_info(struct reg *r, const char *body)
{
	const struct reg_req q = {
		.method = "INFO", .in_dialog = true, .ctype = "text/plain",
		.body = body
	};

	return reg_prove(r, &q);
}


const char *reg_to(const struct reg *r)
{
	return r->to;
}


const char *reg_routes(const struct reg *r)
{
	return r->routes;
}


const char *reg_target(const struct reg *r)
{
	return r->target;
}


const char *reg_callid(const struct reg *r)
{
	return r->callid;
}


const char *reg_ftag(const struct reg *r)
{
	return r->ftag;
}


uint32_t reg_cseq(const struct reg *r)
{
	return r->cseq;
}
