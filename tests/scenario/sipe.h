/**
 * @file tests/scenario/sipe.h  What the scenarios with pidgin-sipe share
 *
 * A pool of two instances behind its registrar, four users, a few rooms; and
 * the steps that every story begins with.  All of them fail the test when
 * the expected event does not come.
 */
#pragma once

#define ADA "sip:ada@example.net"
#define BOB "sip:bob@example.net"
#define CYD "sip:cyd@example.net"

struct pool;
struct pidgin;

/** The pool of the running test case */
extern struct pool *sipe_pool;

/** Unchecked fixtures */
void sipe_pool_up(void);
/** The same with settings, "KEY=VALUE", NULL-terminated */
void sipe_pool_up_with(const char *const *setv);
/** With the notices that are off by default */
void sipe_pool_up_extended(void);
void sipe_pool_down(void);

/** A client that is signed in and has its group chat session */
struct pidgin *sipe_sign_in(const char *user, const char *transport);
/** The same with Call-IDs that only depend on @p seed */
struct pidgin *sipe_sign_in_as(const char *user, const char *transport,
			       unsigned seed);
/** The user quits, with all the goodbyes.  @return always NULL */
struct pidgin *sipe_leave(struct pidgin *p);
/** Asks for the list of rooms, marks (pidgin_mark), joins one of them, sees
 *  itself in it and has its history */
void sipe_enter(struct pidgin *p, const char *user, const char *room);
/** What another client of ours sees of @p text, posted to @p room by @p user:
 *  the text with its line breaks as \n, to mem_deref() */
char *sipe_next_text(struct pidgin *p, const char *room, const char *user);
/** Occurrences of a text in the trace that a client wrote */
unsigned sipe_traced(const char *user, const char *text);
/** Waits until there are so many of them */
void sipe_await_traced(const char *user, const char *text, unsigned n);
/** Endpoints that instance @p i holds, as its control socket tells */
unsigned sipe_endpoints(size_t i);
/** All instances together */
unsigned sipe_all_endpoints(void);
/** Waits until all instances together hold @p n endpoints */
void sipe_await_endpoints(unsigned n);
