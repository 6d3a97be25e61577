/**
 * @file tests/bench/floor.c  The least that a delivery costs on this machine
 *
 * A server that does nothing but what cannot be left out: bare epoll, an INFO
 * built beforehand sent to every connection of a room, answers read and
 * counted.  Its client, a process of its own, answers each INFO with bytes
 * built beforehand.  Posts to rooms are kept under way by a window.  What it
 * prints is the server's CPU time per delivery, to hold a pool's against.
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>


enum { INFO_BYTES = 1100, ANSWER_BYTES = 420, CHUNK = 262144 };

struct options {
	unsigned users, room, window, shared;
	double seconds;
	bool json;
};

struct peer {
	int fd;
	size_t rest;                   /* of a message that came in part */
	unsigned blank;                /* bytes of an end of head so far */
	char *out;                     /* shared only                    */
	size_t outlen, outsize;
};

/* A room is a run of users; all rooms have the same size */
struct roomstate { unsigned open; };

static struct options opt = {
	.users = 1000, .room = 100, .window = 10, .seconds = 5
};
static struct peer *peerv;
static unsigned peerc;
static struct roomstate *roomv;
static unsigned roomc, next_room;
static uint64_t deliveries;
static char info[INFO_BYTES], answer[ANSWER_BYTES];
static char chunk[CHUNK];


static void die(const char *what)
{
	(void)fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(2);
}


static double seconds(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);

	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}


/* A message of exactly so many bytes: only its size and shape count here */
static void make(char *p, size_t size, const char *start)
{
	memset(p, 'x', size);
	memcpy(p, start, strlen(start));
	memcpy(p + size - 4, "\r\n\r\n", 4);
}


static void nodelay(int fd)
{
	const int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}


static void put(int fd, const char *p, size_t len)
{
	while (len) {

		const ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0)
			die("send");
		p += n;
		len -= (size_t)n;
	}
}


/* Read what is there; the number of whole messages of that size */
static unsigned take(struct peer *peer, size_t size)
{
	const ssize_t n = recv(peer->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
	unsigned whole;

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0)
		return UINT32_MAX;

	whole = (unsigned)((peer->rest + (size_t)n) / size);
	peer->rest = (peer->rest + (size_t)n) % size;

	return whole;
}


/* How much of "\r\n\r\n" the last bytes are */
static unsigned tail(const char *p, const char *end)
{
	for (; p < end; p++) {
		if (!memcmp(p, "\r\n\r\n", (size_t)(end - p)))
			return (unsigned)(end - p);
	}

	return 0;
}


/* The same by what ends a head, as a server must look for it */
static unsigned take_heads(struct peer *peer)
{
	const ssize_t n = recv(peer->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
	const char *p = chunk, *end = chunk + n;
	unsigned heads = 0;

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0)
		return UINT32_MAX;

	/* one that began in the last chunk */
	for (; peer->blank && p < end; p++) {
		if (*p != "\r\n\r\n"[peer->blank])
			peer->blank = 0;
		else if (++peer->blank == 4) {
			++heads;
			peer->blank = 0;
		}
	}

	while ((p = memmem(p, (size_t)(end - p), "\r\n\r\n", 4))) {
		++heads;
		p += 4;
	}

	peer->blank = tail(end - (n < 3 ? n : 3), end);

	return heads;
}


static int watch(void)
{
	const int ep = epoll_create1(0);
	unsigned i;

	for (i = 0; i < peerc; i++) {
		struct epoll_event ev = {
			.events = EPOLLIN, .data.u32 = i
		};

		if (epoll_ctl(ep, EPOLL_CTL_ADD, peerv[i].fd, &ev))
			die("epoll");
	}

	return ep;
}


/* ---------------------------------------------------------------- client */

static void client(const struct sockaddr_in *sin)
{
	struct epoll_event evv[256];
	unsigned i;
	int ep, k, n;

	for (i = 0; i < peerc; i++) {
		peerv[i].fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(peerv[i].fd, (const struct sockaddr *)sin,
			    sizeof(*sin)))
			die("connect");
		nodelay(peerv[i].fd);
	}

	ep = watch();
	for (;;) {
		n = epoll_wait(ep, evv, 256, -1);
		for (k = 0; k < n; k++) {

			struct peer *peer = &peerv[evv[k].data.u32];
			unsigned whole = take(peer, INFO_BYTES);
			size_t len = 0;

			if (whole == UINT32_MAX)
				_exit(0);
			while (whole--) {
				memcpy(chunk + len, answer, ANSWER_BYTES);
				len += ANSWER_BYTES;
			}
			put(peer->fd, chunk, len);
		}
	}
}


/* ---------------------------------------------------------------- server */

static void queue(struct peer *peer)
{
	if (peer->outlen + INFO_BYTES > peer->outsize) {
		peer->outsize = (peer->outlen + INFO_BYTES) * 2;
		peer->out = realloc(peer->out, peer->outsize);
		if (!peer->out)
			die("memory");
	}

	memcpy(peer->out + peer->outlen, info, INFO_BYTES);
	peer->outlen += INFO_BYTES;
}


static void post(unsigned room)
{
	unsigned i, peer = 0;

	roomv[room].open = opt.room;
	for (i = 0; i < opt.room; i++) {
		if (opt.shared) {
			queue(&peerv[peer]);
			peer = peer + 1 < peerc ? peer + 1 : 0;
		}
		else {
			put(peerv[room * opt.room + i].fd, info, INFO_BYTES);
		}
	}
}


static unsigned following(unsigned room)
{
	return room + 1 < roomc ? room + 1 : 0;
}


/* Over shared connections answers come in the order of the posts */
static unsigned oldest;

static void answered(unsigned peer, unsigned n)
{
	unsigned part;

	deliveries += n;

	while (n) {
		const unsigned room = opt.shared ? oldest : peer / opt.room;

		part = n < roomv[room].open ? n : roomv[room].open;
		roomv[room].open -= part;
		n -= part;
		if (roomv[room].open)
			return;

		oldest = following(oldest);
		while (roomv[next_room].open)
			next_room = following(next_room);
		post(next_room);
		next_room = following(next_room);
	}
}


static void flush(void)
{
	unsigned i;

	for (i = 0; i < peerc; i++) {
		put(peerv[i].fd, peerv[i].out, peerv[i].outlen);
		peerv[i].outlen = 0;
	}
}


static void serve(double *cpu)
{
	struct epoll_event evv[256];
	const double end = seconds(CLOCK_MONOTONIC) + opt.seconds;
	const double before = seconds(CLOCK_PROCESS_CPUTIME_ID);
	const int ep = watch();
	int k, n;

	for (next_room = 0; next_room < opt.window && next_room < roomc; )
		post(next_room++);
	if (next_room == roomc)
		next_room = 0;

	while (seconds(CLOCK_MONOTONIC) < end) {

		if (opt.shared)
			flush();
		n = epoll_wait(ep, evv, 256, 100);
		for (k = 0; k < n; k++) {

			const unsigned i = evv[k].data.u32;
			const unsigned whole = take_heads(&peerv[i]);

			if (whole == UINT32_MAX)
				die("client gone");
			answered(i, whole);
		}
	}

	*cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - before;
}


/* --------------------------------------------------------------- the run */

static void options_read(int argc, char *argv[])
{
	static const struct option longv[] = {
		{ "users",   required_argument, NULL, 'u' },
		{ "room",    required_argument, NULL, 'r' },
		{ "window",  required_argument, NULL, 'w' },
		{ "shared",  required_argument, NULL, 'S' },
		{ "seconds", required_argument, NULL, 't' },
		{ "json",    no_argument,       NULL, 'j' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longv, NULL)) != -1) {
		switch (c) {

		case 'u': opt.users   = (unsigned)atoi(optarg); break;
		case 'r': opt.room    = (unsigned)atoi(optarg); break;
		case 'w': opt.window  = (unsigned)atoi(optarg); break;
		case 'S': opt.shared  = (unsigned)atoi(optarg); break;
		case 't': opt.seconds = atof(optarg); break;
		case 'j': opt.json    = true; break;
		default:
			(void)fputs("usage: floor [--users N] [--room N] "
				    "[--window N] [--shared N] [--seconds S] "
				    "[--json]\n", stderr);
			exit(2);
		}
	}

	if (!opt.room || opt.users < opt.room) {
		(void)fputs("floor: --users is at least --room\n", stderr);
		exit(2);
	}
}


static int listener(struct sockaddr_in *sin)
{
	socklen_t len = sizeof(*sin);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)sin, sizeof(*sin)) ||
	    listen(fd, 4096) ||
	    getsockname(fd, (struct sockaddr *)sin, &len))
		die("listen");

	return fd;
}


static void setup(void)
{
	struct rlimit rl;

	if (!getrlimit(RLIMIT_NOFILE, &rl)) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}

	peerc = opt.shared ? opt.shared : opt.users;
	roomc = opt.users / opt.room;
	if (opt.shared && roomc < opt.window + 1)
		roomc = opt.window + 1;
	peerv = calloc(peerc, sizeof(*peerv));
	roomv = calloc(roomc, sizeof(*roomv));
	if (!peerv || !roomv)
		die("memory");

	make(info, INFO_BYTES, "INFO sip:user@example.net SIP/2.0\r\n");
	make(answer, ANSWER_BYTES, "SIP/2.0 200 OK\r\n");
}


int main(int argc, char *argv[])
{
	struct sockaddr_in sin = { .sin_port = 0 };
	double cpu = 0;
	unsigned i;
	pid_t pid;
	int fd;

	options_read(argc, argv);
	setup();
	fd = listener(&sin);

	pid = fork();
	if (!pid)
		client(&sin);

	for (i = 0; i < peerc; i++) {
		peerv[i].fd = accept(fd, NULL, NULL);
		if (peerv[i].fd < 0)
			die("accept");
		nodelay(peerv[i].fd);
	}

	serve(&cpu);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);

	(void)printf(opt.json ?
		     "{\"users\":%u,\"room\":%u,\"shared\":%u,"
		     "\"deliveries_s\":%.0f,\"cpu_ms_kdel\":%.3f}\n" :
		     "floor, %u users, rooms of %u, shared %u: "
		     "%.0f deliveries/s, CPU ms per 1,000 deliveries %.2f\n",
		     opt.users, opt.room, opt.shared,
		     (double)deliveries / opt.seconds,
		     deliveries ? cpu * 1e6 / (double)deliveries : 0);

	return 0;
}
