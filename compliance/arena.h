/**
 * @file compliance/arena.h  Many small things that go together
 *
 * What a batch is made of: nothing is freed but all.  mem_deref() frees.
 */
#pragma once

struct arena;

int   arena_alloc(struct arena **ap);
/** Zeroed and aligned for anything; NULL: no memory */
void *arena_take(struct arena *a, size_t size);
/** A copy; NULL for NULL, and when there is no memory (arena_failed()) */
const char *arena_dup(struct arena *a, const char *str);
/** Some allocation failed since the beginning */
bool  arena_failed(const struct arena *a);
/** Bytes held */
size_t arena_size(const struct arena *a);
