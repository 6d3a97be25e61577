/**
 * @file tests/fuzz/driver.c  Runs a fuzz target where libFuzzer is not at hand
 *
 *     fuzz_TARGET [-s SECONDS] [-r SEED] [-o FILE] CORPUS...
 *
 * A target defines LLVMFuzzerTestOneInput().  CORPUS are files or folders of
 * valid inputs; each run damages one of them, or two spliced together.  The
 * input under way is in FILE (default fuzz.input) when the target dies, and
 * "fuzz_TARGET -s 0 FILE" shows it again.  The same SEED gives the same runs.
 * With clang, build with -fsanitize=fuzzer and leave this file out.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	INPUT_MAX  = 65536,
	CORPUS_MAX = 1024,
	EDITS_MAX  = 8,
};

struct input {
	uint8_t *p;
	size_t len;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void __sanitizer_set_death_callback(void (*h)(void)) __attribute__((weak));

static struct input corpusv[CORPUS_MAX];
static size_t corpusc;
static struct input cur;
static const char *crash_path = "fuzz.input";
static uint64_t state = 88172645463325252u;


static uint32_t number(uint32_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;

	return limit ? (uint32_t)(state >> 16) % limit : 0;
}


static void input_keep(void)
{
	const int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, cur.p, cur.len) != (ssize_t)cur.len)
		return;

	close(fd);
}


static void signal_handler(int sig)
{
	input_keep();
	signal(sig, SIG_DFL);
	raise(sig);
}


static void death_prepare(void)
{
	static const int sigv[] = { SIGABRT, SIGALRM, SIGSEGV, SIGBUS, SIGFPE,
				    SIGILL };
	size_t i;

	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(input_keep);

	for (i = 0; i < sizeof(sigv) / sizeof(sigv[0]); i++)
		signal(sigv[i], signal_handler);
}


static int file_load(const char *path)
{
	struct input *in = &corpusv[corpusc];
	FILE *f = fopen(path, "rb");

	if (!f)
		return errno;

	in->p = malloc(INPUT_MAX);
	if (in->p && corpusc < CORPUS_MAX - 1) {
		in->len = fread(in->p, 1, INPUT_MAX, f);
		++corpusc;
	}

	fclose(f);

	return in->p ? 0 : ENOMEM;
}


static int path_load(const char *path)
{
	struct dirent *ent;
	struct stat st;
	DIR *dir;
	int err = 0;

	if (stat(path, &st))
		return errno;

	if (!S_ISDIR(st.st_mode))
		return file_load(path);

	dir = opendir(path);
	if (!dir)
		return errno;

	while (!err && (ent = readdir(dir))) {
		char sub[4096];

		if (ent->d_name[0] == '.')
			continue;

		(void)snprintf(sub, sizeof(sub), "%s/%s", path, ent->d_name);
		err = path_load(sub);
	}

	closedir(dir);

	return err;
}


static void byte_set(struct input *in, size_t at)
{
	static const char bits[] = "<>&\"'/=!?[]{}():;, \t\r\n\0\x7f\x80\xff";

	if (number(2))
		in->p[at] = (uint8_t)bits[number(sizeof(bits))];
	else
		in->p[at] = (uint8_t)number(256);
}


static void bit_flip(struct input *in, size_t at)
{
	in->p[at] ^= (uint8_t)(1u << number(8));
}


static void span_cut(struct input *in, size_t at)
{
	const size_t n = 1 + number((uint32_t)(in->len - at));

	memmove(in->p + at, in->p + at + n, in->len - at - n);
	in->len -= n;
}


static void span_double(struct input *in, size_t at)
{
	const size_t n = 1 + number((uint32_t)(in->len - at));

	if (in->len + n > INPUT_MAX)
		return;

	memmove(in->p + at + n, in->p + at, in->len - at);
	in->len += n;
}


/** The rest comes from another input, from about the same place */
static void span_graft(struct input *in, size_t at)
{
	const struct input *other = &corpusv[number((uint32_t)corpusc)];

	if (at >= other->len)
		return;

	memcpy(in->p + at, other->p + at, other->len - at);
	in->len = other->len;
}


static void input_make(struct input *in)
{
	static void (*const editv[])(struct input *, size_t) = {
		byte_set, byte_set, bit_flip, span_cut, span_double, span_graft
	};
	const struct input *src = &corpusv[number((uint32_t)corpusc)];
	uint32_t n = 1 + number(EDITS_MAX);

	memcpy(in->p, src->p, src->len);
	in->len = src->len;

	while (n-- && in->len)
		editv[number(sizeof(editv) / sizeof(editv[0]))]
			(in, number((uint32_t)in->len));
}


/** In a block of its very size, so that reading past the end is seen */
static void run(const struct input *in)
{
	uint8_t *exact = malloc(in->len ? in->len : 1);

	if (!exact)
		abort();

	memcpy(exact, in->p, in->len);
	cur.p   = exact;
	cur.len = in->len;

	alarm(10);                      /* seconds; a run that hangs dies */
	(void)LLVMFuzzerTestOneInput(exact, in->len);
	alarm(0);

	free(exact);
}


static unsigned long run_all(long seconds)
{
	const time_t end = time(NULL) + seconds;
	struct input in = { malloc(INPUT_MAX), 0 };
	unsigned long runs;

	if (!in.p)
		abort();

	for (runs = 0; runs < corpusc; runs++)
		run(&corpusv[runs]);

	while (time(NULL) < end) {
		input_make(&in);
		run(&in);
		++runs;
	}

	free(in.p);

	return runs;
}


static int usage(const char *name)
{
	fprintf(stderr, "usage: %s [-s SECONDS] [-r SEED] [-o FILE]"
		" CORPUS...\n", name);

	return 2;
}


int main(int argc, char *argv[])
{
	long seconds = 10;
	int c;

	while ((c = getopt(argc, argv, "s:r:o:")) != -1) {
		switch (c) {

		case 's': seconds = atol(optarg);                     break;
		case 'r': state ^= strtoul(optarg, NULL, 10) << 1;    break;
		case 'o': crash_path = optarg;                        break;
		default:  return usage(argv[0]);
		}
	}

	for (; optind < argc; optind++) {
		if (path_load(argv[optind])) {
			perror(argv[optind]);
			return 2;
		}
	}

	if (!corpusc)
		return usage(argv[0]);

	death_prepare();
	printf("%s: %lu runs\n", argv[0], run_all(seconds));

	while (corpusc)
		free(corpusv[--corpusc].p);

	return 0;
}
