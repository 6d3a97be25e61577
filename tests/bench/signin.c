/**
 * @file tests/bench/signin.c  INVITE, ACK, bjoin for everybody
 */
#include <stdlib.h>
#include <string.h>
#include "tests/bench/load.h"
#include "tests/support/poolfile.h"


enum { AT_ONCE = 200, NO_POST = UINT32_MAX };


void signin_more(struct load *load)
{
	while (load->signing_in < AT_ONCE && load->next_in < load->userc) {
		++load->signing_in;
		sip_invite(load, &load->userv[load->next_in++]);
	}
}


static void bjoin(struct load *load, struct user *u)
{
	const size_t size = 512 + u->memberc * 128;
	char *body = malloc(size);
	size_t n;
	unsigned i;

	if (!body)
		die("no memory");

	n = (size_t)snprintf(body, size, "<xccos xmlns=\"urn:parlano:xml:ns:"
			     "xccos\" ver=\"1\" envid=\"%u\"><cmd id=\"cmd:"
			     "bjoin\" seqid=\"1\"><data>", u->no + 1);
	for (i = 0; i < u->memberc; i++)
		n += (size_t)snprintf(body + n, size - n, "<chanid key=\"%u\""
				      " domain=\"%s\" value=\"%s\"/>", i,
				      load->pf->domain,
				      strrchr(u->memberv[i].room->uri, '/') +
				      1);
	n += (size_t)snprintf(body + n, size - n,
			      "</data></cmd></xccos>");

	sip_info(load, u, NO_POST, body, n);
	free(body);
}


void signin_invited(struct load *load, struct user *u, unsigned status)
{
	if (status == 200) {
		bjoin(load, u);
		return;
	}

	(void)fprintf(stderr, "u%u: INVITE answered %u\n", u->no, status);
	++load->failures;
	--load->signing_in;
	signin_more(load);
}


void signin_joined(struct load *load, struct user *u, unsigned rooms)
{
	if (u->joined)
		return;

	if (rooms != u->memberc) {
		(void)fprintf(stderr, "u%u: joined %u of %u rooms\n", u->no,
			      rooms, u->memberc);
		++load->failures;
	}

	u->joined = true;
	++load->signed_in;
	--load->signing_in;
	signin_more(load);
}
