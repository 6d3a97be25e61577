/**
 * @file compliance/adapter.h  What an adapter is: the plug-in ABI
 *
 * An adapter takes batches of events for good: it writes files, sends mail,
 * posts to a service.  Plain C, no types of ours or of libre: this header is
 * all that a plug-in includes.  compliance/adapter/null.c is the one to copy,
 * deploy/compliance.md tells how to build and configure one.
 *
 * Each configured adapter runs in a process of its own, so it may block, and
 * a crash costs only itself.  One call at a time, from one thread.  All that
 * is handed over is the caller's and lives until the call returns.  Texts are
 * UTF-8 without control over their characters: whoever writes a format
 * escapes.  Times are microseconds since 1970, UTC.
 *
 * The ABI is a number: it grows with every change of what is below.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADAPTER_ABI 2

/** The numbers are those of the store and stay for ever */
enum adapter_event_kind {
	EV_CHAT = 1,
	EV_BACKCHAT = 2,        /* history was read or searched             */
	EV_FILEDOWNLOAD = 3,
	EV_FILEUPLOAD = 4,
	EV_REPLACED = 10,       /* an administrator replaced or removed it  */
	EV_PURGE = 11,          /* messages went by purge or retention      */
	EV_JOIN = 20,
	EV_PART = 21,
	EV_ROOM = 30,           /* created, changed, disabled, deleted      */
	EV_ROLE = 31,           /* a room's lists                           */
	EV_CATEGORY = 32,
	EV_POLICY = 33,
	EV_PRINCIPAL = 34,
	EV_ADMIN = 35,          /* everything else an administrator did     */
};

struct adapter_user {
	int64_t id;
	const char *uri;        /* "sip:alice@example.com"; never NULL      */
	const char *display;    /* may be NULL, as the e-mail               */
	const char *email;
	bool internal;          /* false: federated                         */
};

/** As the room was when the batch was made; texts but guid may be NULL */
struct adapter_room {
	const char *guid, *uri, *name, *description, *category, *privacy,
		*type;
	bool logged;
};

struct adapter_event {
	const char *id;         /* GUID, the same for ever: drop repeats by it */
	enum adapter_event_kind kind;
	const char *type;       /* the kind's name: "CHAT"                  */
	int64_t ts_us;
	int64_t msg_id;         /* of the message, 0: none                  */
	const char *session;    /* of the user's client; NULL: none         */
	const struct adapter_user *user;     /* NULL: nobody, the system    */
	const char *chat;       /* plain text; NULL: none                   */
	const char *rtf;        /* the same, formatted; NULL: none          */
	const char *file;       /* "GUID.ext" of file events                */
	const char *path;       /* its copy in the compliance file store    */
	const char *detail;     /* JSON text of the kind's own detail       */
	const char *title;      /* the file's name as its sender called it  */
	bool lost;              /* an upload whose file nobody could copy   */
};

/** One room over the interval of the batch */
struct adapter_conversation {
	const struct adapter_room *room;     /* NULL: events of no room     */
	int64_t start_us, end_us;
	/* Who was in it, one entry a session: what is there at the start and
	   enters is what leaves and is there at the end */
	const struct adapter_user *const *startv;
	size_t startc;
	const struct adapter_user *const *endv;
	size_t endc;
	const struct adapter_event *eventv;  /* in the order they happened  */
	size_t eventc;
};

struct adapter_batch {
	uint64_t id;
	int64_t from_us, to_us;
	const struct adapter_conversation *convv;
	size_t convc;
	size_t eventc;          /* of all conversations                     */
	/* Where files are to be written; NULL: none is configured.  It is
	   empty, and of this try alone: the host moves what wrote() named to
	   the adapter's directory when the batch was taken, and removes the
	   rest */
	const char *dir;
	bool replay;            /* built again for an operator              */
};

/** One line of the configuration; keys may come several times */
struct adapter_setting {
	const char *key, *value;
};

/** A key that the adapter takes, for the manual and the check */
struct adapter_key {
	const char *name;
	const char *def;        /* NULL: none                               */
	const char *help;
};

/** Levels of log(), those of common/log.h */
enum adapter_log_level {
	ADAPTER_ERR, ADAPTER_WARN, ADAPTER_INFO, ADAPTER_DEBUG
};

/** What becomes of a batch, or of an item of it */
enum adapter_verdict {
	ADAPTER_TAKEN,          /* it is durable where it went              */
	ADAPTER_LATER,          /* ask again: the fault is not the batch's,
				   as a full disk, a service that is down   */
	ADAPTER_REFUSED,        /* it will not go: an operator has to look  */
};

/** What the host does for an adapter; lives until close() has returned */
struct adapter_host {
	/** printf format; never chat text, never a secret */
	void (*log)(void *arg, int level, const char *fmt, ...);
	/** Tell the manifest of a file that is durable.  0 or errno */
	int  (*wrote)(void *arg, const char *path);
	/**
	 * For adapters that hand a batch over in items, as mails or posts
	 *
	 * @param item  Its name in the batch, the same whenever it comes again
	 *
	 * @return whether it is still to be delivered; false: an earlier try
	 *         has settled it
	 */
	bool (*due)(void *arg, const char *item);
	/**
	 * What became of an item; the host remembers, also if the process ends
	 *
	 * A refused one is set aside, the others go on.  When all have been
	 * settled deliver() returns ADAPTER_TAKEN, or ADAPTER_LATER if some
	 * are to be tried again.
	 *
	 * @param why  Unless taken; no chat text
	 *
	 * @return 0 or errno: it cannot be remembered, return ADAPTER_LATER
	 */
	int  (*settled)(void *arg, const char *item,
			enum adapter_verdict verdict, const char *why);
	void *arg;
};

struct adapter {
	unsigned abi;           /* ADAPTER_ABI                              */
	const char *name;       /* the TYPE of the configuration            */
	const char *help;
	const struct adapter_key *keyv;
	size_t keyc;

	/**
	 * Take the settings; connect to nothing that may be down now
	 *
	 * @param statep    Set on success; given back to the other two
	 * @param settingv  As configured, defaults not filled in.  The host
	 *                  adds "name", the adapter's name in the
	 *                  configuration, which files are called after
	 *
	 * @return 0, or errno after telling host->log() why
	 */
	int  (*open)(void **statep, const struct adapter_setting *settingv,
		     size_t settingc, const struct adapter_host *host);

	/**
	 * Take a batch for good
	 *
	 * The same batch may come again, after a crash or when the answer
	 * was lost: taking it twice must be taking it once (the same file
	 * names, the same keys towards a service).
	 *
	 * @param errbuf  Why not, for the operator; no chat text
	 */
	enum adapter_verdict (*deliver)(void *state,
					const struct adapter_batch *batch,
					char *errbuf, size_t errsize);

	void (*close)(void *state);
};

/** What a plug-in exports under this name */
typedef const struct adapter *(pchat_adapter_h)(void);
const struct adapter *pchat_adapter(void);
