/**
 * @file common/bucket.c  A token bucket
 */
#include <re.h>
#include "common/bucket.h"


void bucket_fill(struct bucket *b, const struct bucket_size *size)
{
	const uint64_t now = tmr_jiffies();
	int64_t more;

	if (!b->at_ms) {
		b->milli = size->full;
		b->at_ms = now;
		return;
	}

	/* in whole numbers a long time would overflow */
	more = (int64_t)((double)size->per_min * (double)(now - b->at_ms) /
			 60000.0);
	if (!more)
		return;             /* too short a time to count yet */

	b->at_ms = now;
	b->milli = min(b->milli + more, size->full);
}


uint64_t bucket_wait_s(const struct bucket *b, const struct bucket_size *size,
		       int64_t milli)
{
	const int64_t need = min(milli, size->full) - b->milli;
	const int64_t per_s = max(size->per_min / 60, 1);

	return need > 0 ? (uint64_t)((need + per_s - 1) / per_s) : 0;
}


bool bucket_isfull(struct bucket *b, const struct bucket_size *size)
{
	if (!b->at_ms)
		return true;

	bucket_fill(b, size);

	return b->milli >= size->full;
}
