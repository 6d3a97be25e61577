/**
 * @file tests/bench/books.c  Posts, deliveries, orders, latencies
 *
 * Everybody has joined before the first post, so the k-th post that a member
 * hears in a room must be the k-th that anybody heard there.  That one rule
 * finds what is lost, doubled or out of order.
 */
#include <stdlib.h>
#include "tests/bench/load.h"


enum { NO_POST = UINT32_MAX };


static void *grown(void *p, size_t *size, size_t each)
{
	*size = *size ? *size * 2 : 1024;
	p = realloc(p, *size * each);
	if (!p)
		die("no memory for %zu entries", *size);

	return p;
}


static void latency_add(struct latency *lat, uint64_t ns)
{
	if (lat->n == lat->size)
		lat->usv = grown(lat->usv, &lat->size, sizeof(*lat->usv));

	lat->usv[lat->n++] = (uint32_t)(ns / 1000);
}


static int us_cmp(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}


double latency_ms(struct latency *lat, double quantile)
{
	if (!lat->n)
		return 0;

	qsort(lat->usv, lat->n, sizeof(*lat->usv), us_cmp);

	return lat->usv[(size_t)(quantile * (double)(lat->n - 1))] / 1000.0;
}


uint32_t books_post(struct load *load, struct user *u, struct room *room,
		    uint64_t due_ns)
{
	if (load->postc == load->postsz)
		load->postv = grown(load->postv, &load->postsz,
				    sizeof(*load->postv));

	load->postv[load->postc] = (struct post){
		.due_ns = due_ns, .room = room, .author = u,
		.measured = load->measuring
	};
	++load->open_posts;

	return (uint32_t)load->postc++;
}


static void maybe_closed(struct load *load, const struct post *post)
{
	if (post->status && (post->status != 200 ||
			     post->delivered == post->room->size))
		--load->open_posts;
}


void books_answered(struct load *load, uint32_t no, unsigned status)
{
	struct post *post;

	if (no == NO_POST)
		return;

	if (no >= load->postc || load->postv[no].status) {
		++load->unknown;
		return;
	}

	post = &load->postv[no];
	post->status = (uint16_t)status;
	if (status == 200) {
		++post->room->posted;
		++load->counts.posts;
		if (post->measured)
			latency_add(&load->lat_200, now_ns() - post->due_ns);
	}
	else {
		++load->counts.refused;
		++load->refusedv[status < 700 ? status : 0];
	}

	maybe_closed(load, post);
	if (status != 200 || post->echoed)
		drive_answered(load, post->author);
}


static struct member *member_of(struct user *u, const struct room *room)
{
	unsigned i;

	for (i = 0; i < u->memberc; i++) {
		if (u->memberv[i].room == room)
			return &u->memberv[i];
	}

	return NULL;
}


static void check_order(struct load *load, struct room *room, size_t k,
			uint32_t no)
{
	if (k < room->orderc) {
		load->order_errors += room->orderv[k] != no;
		return;
	}

	if (room->orderc == room->ordersz)
		room->orderv = grown(room->orderv, &room->ordersz,
				     sizeof(*room->orderv));
	room->orderv[room->orderc++] = no;
}


/* A posting makes postv grow: the post is looked up again */
static struct post *own_copy(struct load *load, struct user *u, uint32_t no)
{
	struct post *post = &load->postv[no];

	if (u == post->author && !post->echoed) {
		post->echoed = true;
		if (post->status == 200)
			drive_answered(load, u);
	}

	return &load->postv[no];
}


void books_delivered(struct load *load, struct user *u, uint32_t no)
{
	struct member *m;
	struct post *post;

	if (no >= load->postc) {
		++load->unknown;
		return;
	}

	post = &load->postv[no];
	m = member_of(u, post->room);
	if (!m) {
		++load->unknown;
		return;
	}

	check_order(load, post->room, m->heard++, no);
	++load->counts.deliveries;

	post = own_copy(load, u, no);
	if (++post->delivered == post->room->size) {
		if (post->measured)
			latency_add(&load->lat_last, now_ns() - post->due_ns);
		maybe_closed(load, post);
	}
}


static unsigned complain(uint64_t n, const char *what)
{
	if (n)
		(void)fprintf(stderr, "%llu %s\n", (unsigned long long)n,
			      what);

	return n ? 1 : 0;
}


unsigned books_check(struct load *load)
{
	uint64_t unanswered = 0, lost = 0, leaked = 0, unstored = 0;
	unsigned errors;
	size_t i;

	for (i = 0; i < load->postc; i++) {

		const struct post *post = &load->postv[i];

		unanswered += !post->status;
		lost   += post->status == 200 &&
			post->delivered != post->room->size;
		leaked += post->status > 200 && post->delivered;
	}

	for (i = 0; i < load->roomc; i++)
		unstored += load->roomv[i].posted != load->roomv[i].orderc;

	for (i = 0; i < 700; i++) {
		if (load->refusedv[i])
			(void)fprintf(stderr, "%llu posts answered %zu\n",
				      (unsigned long long)load->refusedv[i],
				      i);
	}

	errors  = complain(unanswered, "posts were not answered");
	errors += complain(lost, "posts are not at every member once");
	errors += complain(leaked, "refused posts were delivered");
	errors += complain(unstored, "rooms heard other than was answered");
	errors += complain(load->order_errors, "deliveries out of order");
	errors += complain(load->unknown, "messages that nobody waits for");
	errors += complain(load->failures, "users could not sign in");

	return errors;
}
