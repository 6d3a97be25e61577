/**
 * @file tests/bench/load.h  The load program: what its parts share
 *
 * A bare epoll program that plays up to some 19,000 signed-in users, one
 * connection each or all over a few shared ones (the registrar's shape), posts
 * in a closed or an open loop, and keeps books.  Scenarios: A to E of the
 * project's numbers; F-x is x with --shared.
 *
 *   load.c     options, the run from sign-in to report
 *   people.c   scenarios: users, rooms, import data, room URIs from the store
 *   conn.c     sockets: framing in, one write per turn out
 *   sip.c      requests written, requests and answers read
 *   signin.c   INVITE, ACK, bjoin for everybody
 *   drive.c    who posts when
 *   books.c    posts, deliveries, orders, latencies
 *   cpu.c      CPU time of the pool's processes
 *   report.c   the table, or JSON
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum { BODY_BYTES = 200, PENDING_MAX = 64 };

struct conn;
struct poolfile;

struct options {
	const char *pool;              /* path of pool.json                */
	const char *data_only;         /* write import data here, and stop */
	char scenario;
	unsigned shared;               /* connections for all; 0: one each */
	double seconds, warmup;
	double rate;                   /* posts/s; 0: closed loop          */
	unsigned window, posters;      /* 0: the scenario's                */
	bool json;
};

/* One block of rooms of the same size */
struct block { unsigned rooms, size; };

struct scenario {
	char name;
	unsigned users;
	struct block blockv[3];
	unsigned posters, window;
	double rate;                   /* of the open loop                 */
};

struct room {
	char uri[96];
	unsigned size;                 /* members                          */
	uint32_t *orderv;              /* posts in the order first seen    */
	size_t orderc, ordersz;
	unsigned posted;               /* answered 200                     */
};

struct member {
	struct room *room;
	size_t heard;                  /* deliveries so far                */
};

struct user {
	unsigned no;
	struct conn *conn;
	unsigned inst;
	struct member *memberv;
	unsigned memberc;
	unsigned next_room;            /* where its next post goes         */
	char ttag[64], target[128];    /* of the 200 to INVITE             */
	char *head;                    /* of an INFO, from To on           */
	uint32_t cseq;
	uint32_t pendingv[PENDING_MAX];/* post number by CSeq              */
	bool joined;
};

struct post {
	uint64_t due_ns;
	struct room *room;
	struct user *author;
	uint32_t delivered;
	uint16_t status;               /* 0: not answered                  */
	bool measured;
	bool echoed;                   /* its author has its own copy      */
};

/* What was counted; a run is the difference of two */
struct counts { uint64_t posts, deliveries, refused; };

struct latency { uint32_t *usv; size_t n, size; };

struct load {
	struct options opt;
	const struct scenario *sc;
	struct poolfile *pf;
	struct user *userv;
	unsigned userc;
	struct room *roomv;
	unsigned roomc;
	struct conn **connv;
	unsigned connc;
	int epfd;

	struct post *postv;
	size_t postc, postsz;
	size_t open_posts;             /* not answered or not all there    */
	struct counts counts;
	uint64_t order_errors, unknown;
	uint64_t refusedv[700];        /* by status                        */
	bool measuring;
	struct latency lat_200, lat_last;

	unsigned signed_in, signing_in, next_in;
	unsigned failures;
	bool posting;
};

uint64_t now_ns(void);
/** Print and exit */
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* people.c */
const struct scenario *scenario_find(char name);
int  people_write(const struct scenario *sc, const char *path);
void people_make(struct load *load);
void people_uris(struct load *load);

/* conn.c */
void conns_open(struct load *load);
/** Bytes to send at the end of this turn */
void conn_write(struct conn *conn, const void *p, size_t len);
int  conn_printf(struct conn *conn, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/** The user of a connection that is not shared */
struct user *conn_user(const struct conn *conn);
unsigned conn_port(const struct conn *conn);
/** One turn: wait at most so long, read, then write what is to be sent */
void conns_turn(struct load *load, uint64_t timeout_ns);

/* sip.c */
/** A whole message came */
void sip_message(struct load *load, struct conn *conn, char *p,
		 size_t head, size_t len);
void sip_invite(struct load *load, struct user *u);
/** Send an INFO; its CSeq belongs to that post */
void sip_info(struct load *load, struct user *u, uint32_t post,
	      const char *body, size_t len);

/* signin.c */
/** More users up to the limit at once */
void signin_more(struct load *load);
void signin_invited(struct load *load, struct user *u, unsigned status);
void signin_joined(struct load *load, struct user *u, unsigned rooms);

/* books.c */
uint32_t books_post(struct load *load, struct user *u, struct room *room,
		    uint64_t due_ns);
void books_answered(struct load *load, uint32_t post, unsigned status);
void books_delivered(struct load *load, struct user *u, uint32_t post);
/** Errors in the books at the end, each kind printed once */
unsigned books_check(struct load *load);
double latency_ms(struct latency *lat, double quantile);

/* drive.c */
void drive_start(struct load *load);
/** A post was refused, or answered and echoed: the window has room */
void drive_answered(struct load *load, struct user *u);
/** Open loop: post what is due.  @return ns until the next */
uint64_t drive_due(struct load *load);

/* cpu.c */
struct cpu { double server_ms, store_ms, compliance_ms; };
double cpu_all_ms(const struct cpu *cpu);
struct cpu cpu_since(const struct load *load, const struct cpu *before);
struct cpu cpu_now(const struct load *load);

/* report.c */
struct result {
	struct counts counts;
	struct cpu cpu;
	double seconds;
	double signin_seconds;
	struct cpu signin_cpu;
	unsigned joins;
	unsigned errors;
};
void report(struct load *load, const struct result *res);
