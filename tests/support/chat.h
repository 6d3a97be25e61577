/**
 * @file tests/support/chat.h  What a person does: sign in, join, say, read
 *
 * XCCOS on top of client.h, each step waiting for its reply.
 */
#pragma once

struct client;
struct pool;
struct xd;

/** Open a client of NAME in the pool's domain at instance i.  Without an epid
 *  it is "epidNAME".  NULL: failed */
struct client *chat_open(const struct pool *pool, size_t i, const char *name,
			 const char *epid);
/** The same, then getinv: how a client comes back that lost its dialog */
struct client *chat_return(const struct pool *pool, size_t i,
			   const char *name, const char *epid);

/**
 * Send a command, wait for the rpl with its envid
 *
 * @param verb  "join"
 * @param xp    Set on success; mem_deref() it.  May be NULL
 * @param fmt   What is inside data, in libre's format
 *
 * @return 0, EPROTO (INFO not answered 200), ETIMEDOUT (no rpl), EBADMSG
 */
int  chat_ask(struct client *c, const char *verb, struct xd **xp,
	      const char *fmt, ...);
/** Code of the reply to a command on a room: join, part, bccontext; 0: none */
unsigned chat_join(struct client *c, const char *room, struct xd **xp);
unsigned chat_part(struct client *c, const char *room, struct xd **xp);
unsigned chat_history(struct client *c, const char *room, unsigned n,
		      struct xd **xp);
/** Rooms that a search by name finds */
int  chat_search(struct client *c, const char *criteria, struct xd **xp);

/** URI of the room of that name, from the store; mem_deref() it */
char *chat_room(const struct pool *pool, const char *name);

/** Follow a room in the presence document, by SERVICE to instance i, under a
 *  number of the user's.  @return status, 0: none */
uint16_t chat_follow(const struct pool *pool, size_t i, const char *name,
		     unsigned number, const char *room);

/** Post.  @return status of the INFO, 0: none */
uint16_t chat_post(struct client *c, const char *room, const char *text);
/** Post, and take the copy that comes back; true: 200 and exactly as sent */
bool chat_say(struct client *c, const char *room, const char *text);
/** Wait for a post with this very text and take it; its chatId, 0: none */
int64_t chat_hear(struct client *c, const char *room, const char *text);
/** Wait for ntc:join or ntc:part ("join", "part") of a user; true: came */
bool chat_notice(struct client *c, const char *event, const char *room,
		 const char *user);
/** Users that a join reply lists; -1: this user is not among them, else the
 *  mask under which he is */
int64_t chat_mask(struct xd *join, const char *user);
