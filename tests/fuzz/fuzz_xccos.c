/**
 * @file tests/fuzz/fuzz_xccos.c  Any bytes as a document, any bytes as a post,
 *                                any bytes as a publication
 *
 * Two promises are held against the input: reading it never fails worse than
 * with EBADMSG, and a post whose text it is reads back, and reads back the
 * same when it is written once more.
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "channel/publish.h"
#include "channel/xccos/xccos.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static bool elem_handler(const void *node, void *arg)
{
	size_t *sum = arg;

	*sum += str_len(xccos_node_attr(node, "uri"));
	*sum += str_len(xccos_node_text(node));

	return false;
}


static bool attr_handler(const char *name, const char *value, void *arg)
{
	size_t *sum = arg;

	*sum += strlen(name) + strlen(value);

	return false;
}


static void ask(const struct xccos_prim *prim)
{
	size_t sum = 0;

	if (!prim->seqid)
		abort();

	sum += str_len(prim->verb) + str_len(prim->id);
	sum += str_len(xccos_attr(prim, NULL, "chanUri"));
	sum += str_len(xccos_attr(prim, "last", "cnt"));
	sum += str_len(xccos_text(prim, "chat"));
	xccos_each(prim, "chanid", elem_handler, &sum);
	xccos_each(prim, "uib", elem_handler, &sum);
	xccos_each_attr(prim, attr_handler, &sum);

	if (sum > XCCOS_SIZE_MAX * 64)
		abort();
}


static void outline(const struct xccos_prim *prim)
{
	struct mbuf *mb = mbuf_alloc(256);

	if (!mb || xccos_node_outline(mb, prim->node, 1000))
		abort();
	mem_deref(mb);
}


static void read_any(const struct pl *body)
{
	struct xccos *x = NULL;
	uint32_t i;

	if (xccos_decode(&x, body))
		return;

	if (!x->envid || !x->primc || x->primc > XCCOS_PRIM_MAX)
		abort();

	for (i = 0; i < x->primc; i++) {
		ask(&x->primv[i]);
		outline(&x->primv[i]);
	}

	mem_deref(x);
}


/* What is kept of it is a document again, and no larger than it may be */
static void publish_any(const struct pl *body)
{
	struct publish *pub = NULL;
	struct xccos *x = NULL;
	uint32_t i;

	if (publish_decode(&pub, body, "sip:ada@example.net"))
		return;

	for (i = 0; i < pub->n; i++) {
		struct mbuf *mb = mbuf_alloc(256);
		struct pl pl;

		if (!mb || pub->v[i].len > PUBLISH_BODY_MAX ||
		    mbuf_printf(mb, "<a>%b</a>", pub->mb->buf + pub->v[i].pos,
				pub->v[i].len))
			abort();
		pl.p = (char *)mb->buf;
		pl.l = mb->end;
		if (xccos_decode_as(&x, &pl, "a"))
			abort();
		x = mem_deref(x);
		mem_deref(mb);
	}
	mem_deref(pub);
}


/** Write a post of that text and read it; the caller frees both */
static void write_read(struct xccos **xp, struct mbuf *mb,
		       const struct pl *text)
{
	struct xccos_chat chat = {
		.chan_uri = "ma-chan://example.net/1",
		.author = "sip:ada@example.net",
		.chat = *text,
	};
	struct pl pl;

	if (xccos_grpchat(mb, 1, &chat))
		abort();

	pl.p = (char *)mb->buf;
	pl.l = mb->end;
	if (xccos_decode(xp, &pl))
		abort();
}


static void post_any(const struct pl *text)
{
	struct mbuf *first = mbuf_alloc(64), *second = mbuf_alloc(64);
	struct xccos *x = NULL, *y = NULL;
	struct pl pl;

	if (!first || !second)
		abort();

	write_read(&x, first, text);
	pl_set_str(&pl, xccos_text(&x->primv[0], "chat"));
	write_read(&y, second, &pl);

	if (first->end != second->end ||
	    memcmp(first->buf, second->buf, first->end))
		abort();

	mem_deref(x);
	mem_deref(y);
	mem_deref(first);
	mem_deref(second);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pl pl = { (const char *)data, size };

	read_any(&pl);
	publish_any(&pl);

	/* each byte may take six, and the document has a limit */
	if (size < XCCOS_SIZE_MAX / 8)
		post_any(&pl);

	return 0;
}
