/**
 * @file tests/purple/seed.c  A choice of Call-IDs
 *
 * The plugin seeds rand() with the time in seconds, and takes Call-IDs, tags
 * and branches from it.  So two clients of one second send the same ones, and
 * one that a test starts again within the second is taken for a repetition of
 * the first by the proxy.  This function stands before libc's; with option
 * --seed it is the test that says which clients are alike.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include "tests/purple/client.h"

typedef void (srand_h)(unsigned seed);

static int chosen;


void seed_choose(int seed)
{
	chosen = seed;
}


void srand(unsigned seed)
{
	static srand_h *srandh;

	if (!srandh)
		*(void **)&srandh = dlsym(RTLD_NEXT, "srand");
	if (srandh)
		srandh(chosen ? (unsigned)chosen : seed);
}
