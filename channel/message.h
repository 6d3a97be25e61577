/**
 * @file channel/message.h  A stored chat message on its way to participants
 *
 * Made once per process from the poster's request, a bus frame or a row of
 * the store; immutable after that.
 */
#pragma once

struct db_res;

enum message_flag {
	MESSAGE_ALERT    = 1,
	MESSAGE_STORY    = 2,
	MESSAGE_REPLACED = 4,
	MESSAGE_NOT_KEPT = 8,
};

/** What a story's text begins with (protocol.md 4.9) */
#define MESSAGE_STORY_MARK "[STORY]"

struct message {
	struct le le;            /* held back by an order                    */
	int64_t id;              /* in its room                              */
	int64_t ts_us;
	int64_t author_id;
	uint16_t flags;
	struct pl author;        /* "sip:user@host"                          */
	struct pl display;
	struct pl chat;
	struct pl rtf;           /* p == NULL: none                          */
	char data[];             /* the four texts                           */
};

/** The texts are copied, each with a NUL after it; le is left out */
int  message_dup(struct message **msgp, const struct message *from);

/** A row of message_range or message_last; texts point into the result */
void message_read(struct message *msg, const struct db_res *res, uint32_t row);

/** For the bus.  EBADMSG: cut short; on decoding texts point into mb */
int  message_encode(struct mbuf *mb, const struct message *msg);
int  message_decode(struct message *msg, struct mbuf *mb);
