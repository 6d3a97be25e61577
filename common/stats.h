/**
 * @file common/stats.h  Counters and gauges, one table row each
 *
 * A module keeps its values in plain uint64_t variables and registers a table
 * that names them; whoever asks (control socket, later HTTP) walks all tables.
 */
#pragma once

struct stats_row {
	const char *name;        /* "posts_stored"                          */
	const uint64_t *value;
	bool gauge;              /* may go down                             */
	const char *help;
};

/** Registers a static table; at most 64 tables */
void stats_register(const struct stats_row *rowv, size_t rowc);
typedef void (stats_h)(const struct stats_row *row, void *arg);
void stats_apply(stats_h *h, void *arg);
