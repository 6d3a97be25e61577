/**
 * @file common/bucket.h  A token bucket, for limits of how much somebody asks
 *
 * Counted in thousandths of a token, by the loop's clock.
 */
#pragma once

struct bucket {
	int64_t milli;                /* < 0: a debt                         */
	uint64_t at_ms;               /* when that was so; 0: full           */
};

struct bucket_size {
	int64_t full;                 /* what it holds, thousandths          */
	int64_t per_min;              /* what comes in, thousandths          */
};

/** Put in what came in since the last time */
void bucket_fill(struct bucket *b, const struct bucket_size *size);

/**
 * The seconds, rounded up, until a bucket that was filled just now has enough
 *
 * @param milli  Thousandths; more than it holds count as all of it
 *
 * @return 0: it has enough
 */
uint64_t bucket_wait_s(const struct bucket *b, const struct bucket_size *size,
		       int64_t milli);

/** Fill it: is it full? */
bool bucket_isfull(struct bucket *b, const struct bucket_size *size);
