/**
 * @file tests/scenario/archive.h  What the archives' scenarios share
 */
#pragma once

struct pool;

/** A shell's command; its exit status */
int archive_sh(const char *fmt, ...);
/** pchatctl on both stores; what it says goes to the test's output, so that a
 *  failure explains itself */
int archive_ctl(const struct pool *pool, const char *fmt, ...);
/** DIR/TYPE.conf of an adapter that has folder PLACE/TYPE, which is made */
void archive_adapter(const char *dir, const char *place, const char *type,
		     const char *more);
