/**
 * @file common/stats.c  The tables of counters, in order of registration
 */
#include <stdlib.h>
#include <re.h>
#include "common/stats.h"


enum { TABLES_MAX = 64 };

static struct {
	const struct stats_row *rowv;
	size_t rowc;
} tablev[TABLES_MAX];

static size_t tablec;


void stats_register(const struct stats_row *rowv, size_t rowc)
{
	size_t i;

	if (!rowv || !rowc)
		return;

	for (i = 0; i < tablec; i++)
		if (tablev[i].rowv == rowv)
			return;

	if (tablec == TABLES_MAX)
		abort();

	tablev[tablec].rowv = rowv;
	tablev[tablec].rowc = rowc;
	++tablec;
}


void stats_apply(stats_h *h, void *arg)
{
	size_t i, j;

	if (!h)
		return;

	for (i = 0; i < tablec; i++)
		for (j = 0; j < tablev[i].rowc; j++)
			h(&tablev[i].rowv[j], arg);
}
