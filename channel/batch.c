/**
 * @file channel/batch.c  Group the messages of a commit by room
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "channel/batch.h"


static int compare(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}


static uint32_t distinct(int64_t *v, uint32_t n)
{
	uint32_t i, m = 0;

	for (i = 0; i < n; i++) {
		if (!m || v[m - 1] != v[i])
			v[m++] = v[i];
	}

	return m;
}


void batch_group(struct batch *batch, const int64_t *roomv, uint32_t n)
{
	uint32_t i;

	memcpy(batch->roomv, roomv, n * sizeof(*roomv));
	qsort(batch->roomv, n, sizeof(*roomv), compare);

	batch->n = n;
	batch->rooms = distinct(batch->roomv, n);
	memset(batch->countv, 0, batch->rooms * sizeof(*batch->countv));

	for (i = 0; i < n; i++) {
		const int64_t *room = bsearch(&roomv[i], batch->roomv,
					      batch->rooms, sizeof(*roomv),
					      compare);
		const ptrdiff_t place = room - batch->roomv;

		batch->placev[i] = (int32_t)place + 1;
		batch->nthv[i] = ++batch->countv[place];
	}
}
