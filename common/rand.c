/**
 * @file common/rand.c  libre's random functions over a buffered CSPRNG
 *
 * libre asks OpenSSL for every four bytes, 1 us a time, and does so for every
 * SIP message it decodes.  These functions have libre's names and take their
 * place for libre and for us: random bytes come from OpenSSL 4 kB at a time.
 * Bytes handed out are wiped from the buffer; a child process starts with an
 * empty one; every thread has its own.  A CSPRNG that fails ends the process:
 * there is no safe way to go on.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/rand.h>
#include <re.h>


enum { POOL_SIZE = 4096 };

static _Thread_local struct {
	uint8_t buf[POOL_SIZE];
	size_t left;               /* unused bytes, at the end of buf */
} pool;

static pthread_once_t once = PTHREAD_ONCE_INIT;


static void forked(void)
{
	memset(&pool, 0, sizeof(pool));
}


static void watch_fork(void)
{
	if (pthread_atfork(NULL, NULL, forked))
		abort();
}


static void fill(uint8_t *p, size_t size)
{
	if (RAND_bytes(p, (int)size) != 1)
		abort();
}


static void take(void *p, size_t size)
{
	uint8_t *src;

	if (pool.left < size) {
		(void)pthread_once(&once, watch_fork);
		fill(pool.buf, POOL_SIZE);
		pool.left = POOL_SIZE;
	}

	src = pool.buf + POOL_SIZE - pool.left;
	memcpy(p, src, size);
	memset(src, 0, size);
	pool.left -= size;
}


void rand_bytes(uint8_t *p, size_t size)
{
	while (size) {
		const size_t n = min(size, (size_t)POOL_SIZE);

		take(p, n);
		p += n;
		size -= n;
	}
}


uint16_t rand_u16(void)
{
	uint16_t v;

	take(&v, sizeof(v));

	return v;
}


uint32_t rand_u32(void)
{
	uint32_t v;

	take(&v, sizeof(v));

	return v;
}


uint64_t rand_u64(void)
{
	uint64_t v;

	take(&v, sizeof(v));

	return v;
}


/* Six bits at a time and another try for the last two values: no bias */
char rand_char(void)
{
	static const char alphanum[] =
		"0123456789"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz";
	uint8_t v;

	do {
		take(&v, sizeof(v));
		v &= 0x3f;
	} while (v >= sizeof(alphanum) - 1);

	return alphanum[v];
}


void rand_str(char *str, size_t size)
{
	size_t i;

	if (!str || !size)
		return;

	for (i = 0; i < size - 1; i++)
		str[i] = rand_char();

	str[i] = '\0';
}
