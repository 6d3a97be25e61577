/**
 * @file compliance/adapter/jsonpart.h  A batch cut into bodies of limited size
 *
 * As many whole lines as fit; one line alone may be larger than the limit.
 * The cuts depend on the batch and the options only.
 */
#pragma once

struct jsonpart {
	uint64_t max_bytes;
	bool array;              /* "[a,b]" instead of lines               */
	struct jsonline jl;
	struct mbuf *body;
	struct mbuf *line;       /* the first of the next part             */
	unsigned nr;             /* of the part in body, from 1            */
	bool last;
};

/** 0, ENOMEM; ended by jsonpart_reset() in either case */
int  jsonpart_init(struct jsonpart *part, const struct adapter_batch *batch,
		   const struct jsonline_opt *opt, uint64_t max_bytes,
		   bool array);
/** 0, ENOENT (there is no more), or as jsonline_next() */
int  jsonpart_next(struct jsonpart *part);
void jsonpart_reset(struct jsonpart *part);
