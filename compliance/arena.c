/**
 * @file compliance/arena.c  Many small things that go together
 */
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "compliance/arena.h"

enum { CHUNK = 256 * 1024, ALIGN = 16 };

struct chunk {
	struct chunk *next;
	size_t size;               /* with this head */
};

struct arena {
	struct chunk *chunks;
	size_t used;               /* of the first   */
	size_t size;
	bool failed;
};


static void destructor(void *data)
{
	struct arena *a = data;

	while (a->chunks) {
		struct chunk *c = a->chunks;

		a->chunks = c->next;
		free(c);
	}
}


int arena_alloc(struct arena **ap)
{
	*ap = mem_zalloc(sizeof(**ap), destructor);

	return *ap ? 0 : ENOMEM;
}


static size_t aligned(size_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}


static bool grow(struct arena *a, size_t size)
{
	const size_t n = max(aligned(sizeof(struct chunk)) + size,
			     (size_t)CHUNK);
	struct chunk *c = calloc(1, n);

	if (!c) {
		a->failed = true;
		return false;
	}

	c->next = a->chunks;
	c->size = n;
	a->chunks = c;
	a->used = aligned(sizeof(*c));
	a->size += n;

	return true;
}


void *arena_take(struct arena *a, size_t size)
{
	void *p;

	size = aligned(size);
	if ((!a->chunks || a->chunks->size - a->used < size) &&
	    !grow(a, size))
		return NULL;

	p = (uint8_t *)a->chunks + a->used;
	a->used += size;

	return p;
}


const char *arena_dup(struct arena *a, const char *str)
{
	const size_t n = str ? strlen(str) + 1 : 0;
	char *p = str ? arena_take(a, n) : NULL;

	return p ? memcpy(p, str, n) : NULL;
}


bool arena_failed(const struct arena *a)
{
	return a->failed;
}


size_t arena_size(const struct arena *a)
{
	return a->size;
}
