/**
 * @file channel/xccos/xccos.h  XCCOS documents, read and written
 *
 * Reading is liberal (attribute names in any case, order free, unknown things
 * skipped) and hardened (no DTD, no entities, depth and size limited); the
 * document is kept as libxml2's tree and asked by element and attribute.
 * Writing is strict: one primitive per document, canonical form, by hand into
 * an mbuf.  Spec: protocol.md section 3.
 */
#pragma once

#include "common/clock.h"

struct xccos;

enum xccos_kind { XCCOS_CMD, XCCOS_GRPCHAT, XCCOS_OTHER };

enum {
	XCCOS_PRIM_MAX  = 16,       /* primitives per document               */
	XCCOS_DEPTH_MAX = 32,       /* elements in elements, the root is one */
	XCCOS_SIZE_MAX  = 262144,   /* bytes; what may be posted is less, and
	                               the transport's business              */
};

/** One primitive of a document; lives as long as the document */
struct xccos_prim {
	enum xccos_kind kind;
	const char *verb;           /* "join" of "cmd:join", lower case; NULL
	                               when id is missing or malformed, or
	                               this is no command                    */
	const char *id;             /* as it came, may be NULL               */
	const char *seqid;          /* digits, "1" when missing or none      */
	const void *node;           /* xmlNode                               */
};

struct xccos {
	const char *envid;          /* digits, echoed as text; "0": missing  */
	uint32_t primc;
	struct xccos_prim primv[XCCOS_PRIM_MAX];
};

/**
 * Parse a document
 *
 * It is taken as UTF-8, whatever its declaration says; element names are
 * compared in any case and without their prefix.
 *
 * @param xp    Set on success; mem_deref() it
 * @param body  May be gone afterwards
 *
 * @return 0, EBADMSG (not well-formed, a DTD, not UTF-8, not xccos, too deep,
 *         too large, no or too many primitives), ENOMEM
 */
int  xccos_decode(struct xccos **xp, const struct pl *body);

/** The same care for another document: its one primitive is the root, whose
 *  name it must be */
int  xccos_decode_as(struct xccos **xp, const struct pl *body,
		     const char *root);

/** Attribute of the first element @p elem below the primitive (itself when
 *  elem is NULL); NULL when missing.  Attribute names in any case */
const char *xccos_attr(const struct xccos_prim *prim, const char *elem,
		       const char *attr);

/** The same for an element handed to an xccos_elem_h */
const char *xccos_node_attr(const void *node, const char *attr);

/** @return true stops */
typedef bool (xccos_elem_h)(const void *node, void *arg);
/** Every element of that name below the primitive, in document order */
void xccos_each(const struct xccos_prim *prim, const char *elem,
		xccos_elem_h *h, void *arg);
typedef bool (xccos_attr_h)(const char *name, const char *value, void *arg);
/** Every attribute of one element */
void xccos_node_attrs(const void *node, xccos_attr_h *h, void *arg);
/** Every attribute value below the primitive's data (protocol.md 4.3) */
void xccos_each_attr(const struct xccos_prim *prim, xccos_attr_h *h,
		     void *arg);

/** Text content of the first element @p elem; NULL when there is none, "" when
 *  it is empty.  Lives as long as the document.  Line ends are those that XML
 *  leaves of them: LF where the client wrote CR LF, CR LF where it wrote the
 *  CR as &#13;.  Store the text so; writing restores them */
const char *xccos_text(const struct xccos_prim *prim, const char *elem);

/** The same for an element handed to an xccos_elem_h, and what is below it */
const char *xccos_node_text(const void *node);
void xccos_node_each(const void *node, const char *elem,
		     xccos_elem_h *h, void *arg);

/** What is between an element's tags, as XML that stands alone: namespaces
 *  that were declared further out are declared in it */
int  xccos_node_inner(struct mbuf *mb, const void *node);

/**
 * An element and what is below it, without what people say: texts, and values
 * that may hold some (long, or with blanks, or known to), are their length in
 * brackets
 *
 * @param max  Bytes; the rest is left out
 */
int  xccos_node_outline(struct mbuf *mb, const void *node, size_t max);

/** Every element at and below a node, before what is below it */
void xccos_node_walk(const void *node, xccos_elem_h *h, void *arg);
/** An element's name without its prefix */
const char *xccos_node_name(const void *node);

/** "true" in any case, "1" */
bool xccos_bool(const char *value);

/* ---------------------------------------------------------------- writing */

/*
 * All return 0, ENOMEM, or EINVAL for what must not be sent: a user's URI that
 * begins with neither "sip:" nor "ma-grp:", a missing room URI.  Elements and
 * attributes of a single command are written with channel/xccos/emit.h.
 */

/**
 * The only table from errno to result code and text (protocol.md 5.1)
 *
 *   0                     200 SUCCESS_OK
 *   EINVAL EBADMSG        400 ERROR_INVALID_ARGUMENT
 *   EACCES EPERM          403 ERROR_PERMISSION
 *   ENOBUFS               403 ERROR_CANNOT_GET_PARTICIPANT_LIST
 *   EKEYEXPIRED           403 ERROR_INVALID_TOKEN
 *   ENOENT                404 ERROR_NO_SUCH_NODE
 *   ESRCH                 404 ERROR_NO_SUCH_PRINCIPAL
 *   EEXIST                409 ERROR_DUPLICATE_ROOM_NAME
 *   ENOTUNIQ              409 ERROR_DUPLICATE_ADDIN_NAME
 *   ESTALE                409 ERROR_DATA_COLLISION
 *   EALREADY              409 ERROR_PRINCIPALS_ALREADY_DEFINED
 *   EPROTO                409 ERROR_INVALID_FLOW
 *   EROFS                 410 ERROR_NODE_DISABLED
 *   ENOTCONN              412 ERROR_USER_NOT_JOINED
 *   E2BIG EMSGSIZE EDQUOT 413 ERROR_LIMIT_EXCEEDED
 *   ENOTDIR               422 ERROR_NODE_HIERARCHY_VIOLATION
 *   EXDEV                 422 ERROR_PRINCIPALS_NOT_IN_SCOPE
 *   EDOM                  422 ERROR_PRESENTER_NOT_MEMBER
 *   ECANCELED             500 OPERATION_FAILED
 *   ENOSYS ENOTSUP        501 ERROR_MSG_NOT_SUPPORTED
 *   EAGAIN EBUSY ETIMEDOUT ECONNREFUSED ECONNRESET
 *                         503 ERROR_DATABASE_CONNECTION
 *   any other             500 ERROR_SERVER
 */
struct xccos_resp { uint16_t code; const char *text; };
struct xccos_resp xccos_resp(int err);

struct xccos_uib {
	int64_t id;                 /* index, -1: none                       */
	const char *uri;            /* with "sip:"                           */
	const char *display;        /* or NULL: only id and uri are written  */
	const char *guid;           /* 36 characters, or NULL                */
	int type;                   /* of the principal; 0: user or group,
	                               as the URI says                       */
};

enum xccos_visibility { XCCOS_OPEN, XCCOS_SCOPED, XCCOS_PRIVATE };

struct xccos_chanib {
	const char *uri, *name, *description, *topic, *parent;
	                            /* name NULL: only uri is written        */
	const char *addin_guid, *addin_name, *addin_url;
	bool auditorium, disabled;
	enum xccos_visibility visibility;
	uint32_t ucnt;
	bool filepost, invite, logged;
};

struct xccos_chat {
	const char *chan_uri;
	const char *author, *display;
	int64_t id;                 /* chatId                                */
	int64_t ts_us;
	bool alert;
	struct pl chat;             /* plain text as xccos_text() gave it;
	                               empty is written as one blank         */
	struct pl rtf;              /* p == NULL: none                       */
};

/* Start a document; finish it with xccos_end().  envid is ours, cmd_envid and
   seqid are the command's; verb NULL: the command had none */
int xccos_rpl(struct mbuf *mb, uint64_t envid, const char *verb,
	      const char *seqid, const char *cmd_envid, struct xccos_resp resp);
int xccos_ntc(struct mbuf *mb, uint64_t envid, const char *event);
/** Closes data (<data/> when nothing was written), the primitive and the
 *  envelope */
int xccos_end(struct mbuf *mb, const char *prim);     /* "rpl" or "ntc" */
/** Give data the attribute @p name="true"; @p pos is where xccos_rpl() left
 *  off */
int xccos_mark(struct mbuf *mb, size_t pos, const char *name);

int xccos_uib(struct mbuf *mb, const struct xccos_uib *uib);
/** Opening tag only; the caller adds aib, then calls xccos_chanib_info() and
 *  xccos_chanib_close() */
int xccos_chanib_open(struct mbuf *mb, const struct xccos_chanib *chan);
int xccos_chanib_info(struct mbuf *mb, const struct xccos_chanib *chan);
int xccos_chanib_close(struct mbuf *mb);
/** Index list form: <aib key value="1,2,3"/> */
int xccos_aib(struct mbuf *mb, uint32_t mask, const uint32_t *idv, size_t idc);
int xccos_fib(struct mbuf *mb, const char *domain, const char *value);
/** msg of a history reply */
int xccos_msg(struct mbuf *mb, const struct xccos_chat *chat);
/** The whole document of a posted message */
int xccos_grpchat(struct mbuf *mb, uint64_t envid,
		  const struct xccos_chat *chat);
/** The whole document of ntc:join ("join") and those of its layout: one user
 *  and what he may in one room (protocol.md 5.3) */
int xccos_ntc_mask(struct mbuf *mb, uint64_t envid, const char *event,
		   const struct xccos_uib *uib, uint32_t mask,
		   const char *domain, const char *room_id);
/** The same of ntc:part: one user and a room */
int xccos_ntc_user(struct mbuf *mb, uint64_t envid, const char *event,
		   const char *chan_uri, const char *user_uri);

/** Escaped attribute value (text, too, but that has xw_text() in emit.h).
 *  Characters that XML 1.0 does not allow are left out, each byte that is not
 *  UTF-8 becomes U+FFFD; CR, LF and tab are kept, as &#13; &#10; &#9; */
int xccos_escape(struct mbuf *mb, const char *p, size_t len);
