/**
 * @file compliance/adapter/jsonpart.c  A batch cut into bodies of limited size
 */
#include <errno.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/adapter/jsonline.h"
#include "compliance/adapter/jsonpart.h"


int jsonpart_init(struct jsonpart *part, const struct adapter_batch *batch,
		  const struct jsonline_opt *opt, uint64_t max_bytes,
		  bool array)
{
	*part = (struct jsonpart){ .max_bytes = max_bytes, .array = array,
				   .jl = { .batch = batch, .opt = *opt } };
	part->body = mbuf_alloc(16384);
	part->line = mbuf_alloc(4096);

	return part->body && part->line ? 0 : ENOMEM;
}


void jsonpart_reset(struct jsonpart *part)
{
	part->body = mem_deref(part->body);
	part->line = mem_deref(part->line);
}


static int append(struct jsonpart *part)
{
	struct mbuf *body = part->body;
	int err = 0;

	if (part->array)
		err = mbuf_write_str(body, body->end ? "," : "[");
	if (!err)
		err = mbuf_write_mem(body, part->line->buf, part->line->end);

	mbuf_rewind(part->line);

	return err;
}


/* With the line that waits, and what an array has beside its lines */
static bool is_full(const struct jsonpart *part)
{
	return part->body->end && part->body->end + part->line->end + 3 >
		part->max_bytes;
}


/* 0 when full, ENOENT when there are no more lines */
static int fill(struct jsonpart *part)
{
	for (;;) {
		int err = 0;

		if (!part->line->end)
			err = jsonline_next(&part->jl, part->line);
		if (err)
			return err;

		if (is_full(part))
			return 0;

		err = append(part);
		if (err)
			return err;
	}
}


int jsonpart_next(struct jsonpart *part)
{
	int err;

	if (part->last)
		return ENOENT;

	mbuf_rewind(part->body);
	part->nr++;

	err = fill(part);
	part->last = err == ENOENT;
	if (part->last && part->body->end)
		err = 0;

	if (!err && part->array)
		err = mbuf_write_str(part->body, "]\n");

	return err;
}
