/**
 * @file common/queue.h  The queue of events, from channel to compliance
 *
 * A DEALER of each channel process sends batches to the ROUTER of a compliance
 * daemon, which answers with the batch's number once it has stored it.  CURVE
 * on all links: the daemon's key comes from the store, and it lets in only the
 * keys that the store names.  The queue may lose anything at any time: what
 * has not been answered is sent again, and who takes it knows repeats.
 *
 * A batch is a JSON object made by the store (sql/statements/outbox.sql), with
 * what many events have in common said once, and first:
 *   {"rooms": {guid: {"id", "uri", "name", "description", "category",
 *                     "privacy", "type", "logged"}},
 *    "users": {id: {"id", "guid", "uri", "display", "email", "internal"}},
 *    "events": [{"id": guid, "kind": enum event_kind, "ts": us since 1970,
 *                "room": guid, "user": id,
 *                "msg_id", "session", "chat", "rtf", "detail"}]}
 * What an event has not got is left out.  A user that "users" does not have is
 * known no more.
 * Loop thread only.
 */
#pragma once

struct bus;
struct queue_in;
struct queue_out;

enum {
	QUEUE_EVENTS_MAX = 500,              /* of a batch                   */
	QUEUE_BYTES_MAX  = 1024 * 1024,      /* of a batch's texts           */
	QUEUE_WINDOW     = 8,                /* batches without answer       */
	QUEUE_ID_MAX     = 256,              /* bytes of a sender's address  */
};

/** Where an answer goes */
struct queue_from {
	uint64_t batch;                      /* the sender's number          */
	uint8_t id[QUEUE_ID_MAX];            /* his address on the ROUTER    */
	size_t idlen;
};

/** A batch came; @p events is valid during the call */
typedef void (queue_batch_h)(const struct queue_from *from,
			     const struct pl *events, void *arg);
/** The batch of that number is stored */
typedef void (queue_stored_h)(uint64_t batch, void *arg);

/**
 * Take events
 *
 * @param bind  "tcp://ADDRESS:*" or with a port
 * @return 0, EINVAL, ENOMEM, EADDRINUSE, ...
 */
int  queue_in_open(struct queue_in **qp, const char *bind, queue_batch_h *h,
		   void *arg);
const char *queue_in_endpoint(const struct queue_in *q);
const char *queue_in_pubkey(const struct queue_in *q);      /* Z85 text     */
/** Who may send: keys of BUS_KEY_SIZE characters; others are refused, but not
 * cut when they are connected */
int  queue_in_keys(struct queue_in *q, const struct pl *keyv, size_t keyc);
/** Read no more until told to go on: senders wait */
void queue_in_pause(struct queue_in *q, bool pause);
/** Tell the sender; without effect when he is gone */
void queue_in_stored(struct queue_in *q, const struct queue_from *from);

/**
 * Send events to one daemon, under the key that our bus has
 *
 * @return 0, EINVAL (not an endpoint, not a key), ENOMEM
 */
int  queue_out_open(struct queue_out **qp, const struct bus *bus,
		    const char *endpoint, const char *pubkey,
		    queue_stored_h *h, void *arg);
/** Copies; EAGAIN: too much is waiting to be sent */
int  queue_out_send(struct queue_out *q, uint64_t batch,
		    const struct pl *events);
