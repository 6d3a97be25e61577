/**
 * @file tests/fuzz/fuzz.h  What the fuzz targets share
 *
 * A target is any input, the code under test, and what must hold afterwards:
 * fuzz_check() of it.  Sanitizers and libFuzzer see to the rest (memory, leaks,
 * undefined behaviour, time).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** For libFuzzer */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Stop with a message where @p ok is false */
#define fuzz_check(ok) \
	do { if (!(ok)) fuzz_fail(#ok, __FILE__, __LINE__); } while (0)
void fuzz_fail(const char *what, const char *file, int line)
	__attribute__((noreturn));

/** Silences the log and starts libre, once per process */
void fuzz_init(void);
/** Turns of libre's loop, without waiting */
void fuzz_turns(unsigned n);

/** The input, taken from its front */
struct fuzz_in {
	const uint8_t *p;
	size_t l;
};

/** A byte, 0 past the end */
uint8_t fuzz_byte(struct fuzz_in *in);
/** At most @p max bytes in a block of their very size, so that reading past
 *  the end is seen.  To be freed with free() */
char *fuzz_block(struct fuzz_in *in, size_t max, size_t *lenp);
/** The same up to the next byte @p until (which is passed over), with a NUL */
char *fuzz_text(struct fuzz_in *in, uint8_t until, size_t *lenp);

/** A file below a folder of this process in TMPDIR; the folder is removed when
 *  the process ends.  Static storage */
const char *fuzz_path(const char *name);
/** Write a file of fuzz_path() */
void fuzz_file(const char *path, const void *p, size_t len);
