/**
 * @file tests/bench/drive.c  Who posts when
 *
 * Closed loop: every poster keeps a window of posts that are not answered, or
 * whose own copy has not come.  Open loop: posts fall due at a fixed rate,
 * whatever becomes of those before.
 */
#include <string.h>
#include "tests/bench/load.h"


static uint64_t start_ns, due_count;


static void post(struct load *load, struct user *u, uint64_t due_ns)
{
	struct member *m = &u->memberv[u->next_room++ % u->memberc];
	char body[1024];
	uint32_t no;
	int n, pad;

	no = books_post(load, u, m->room, due_ns);
	pad = BODY_BYTES - snprintf(body, sizeof(body), "p%u ", no);
	n = snprintf(body, sizeof(body), "<xccos xmlns=\"urn:parlano:xml:ns:"
		     "xccos\" ver=\"1\" envid=\"%u\"><grpchat id=\"grpchat\" "
		     "seqid=\"1\" chanUri=\"%s\" author=\"sip:u%u@example.net"
		     "\" ts=\"2013-05-14T14:26:17Z\"><chat>p%u %0*d</chat>"
		     "</grpchat></xccos>", no, m->room->uri, u->no, no, pad,
		     0);
	sip_info(load, u, no, body, (size_t)n);
}


/* Posters are spread over all users, and so over rooms and instances */
static struct user *poster(struct load *load, uint64_t k)
{
	const unsigned posters = load->opt.posters;

	return &load->userv[(k % posters) * load->userc / posters];
}


void drive_start(struct load *load)
{
	unsigned i, k;

	load->posting = true;
	start_ns = now_ns();
	due_count = 0;

	if (load->opt.rate > 0)
		return;

	for (k = 0; k < load->opt.window; k++) {
		for (i = 0; i < load->opt.posters; i++)
			post(load, poster(load, i), now_ns());
	}
}


void drive_answered(struct load *load, struct user *u)
{
	if (load->posting && !(load->opt.rate > 0))
		post(load, u, now_ns());
}


uint64_t drive_due(struct load *load)
{
	const uint64_t now = now_ns();
	uint64_t due;

	if (!load->posting || !(load->opt.rate > 0))
		return 100000000;

	for (;;) {
		due = start_ns + (uint64_t)((double)due_count * 1e9 /
					    load->opt.rate);
		if (due > now)
			return due - now;

		post(load, poster(load, due_count++), due);
	}
}
