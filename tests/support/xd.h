/**
 * @file tests/support/xd.h  XCCOS documents as tests write and read them
 *
 * A second, small reading of the protocol, on libxml2's XPath and apart from
 * channel/xccos: what a test says about a document is said in one path.
 * Paths name elements without namespace: "/xccos/rpl/data/chanib[1]/@name".
 */
#pragma once

struct xd;

/**
 * Parse a document
 *
 * @param xp  Set on success; mem_deref() it
 *
 * @return 0, EBADMSG (not well-formed, or not in XCCOS' namespace), ENOMEM
 */
int  xd_parse(struct xd **xp, const char *body);
/** String value of a path, "" when nothing is there.  Lives as long as x */
const char *xd_str(struct xd *x, const char *path);
/** Number of nodes, or number that the path's expression yields; 0 when none */
int64_t xd_num(struct xd *x, const char *path);
/** Number of nodes */
size_t xd_count(struct xd *x, const char *path);

/** Text with the five escapes; mem_deref() it */
char *xd_escape(const char *text);
/** A command document with @p data inside data; mem_deref() it */
char *xd_cmd(uint32_t envid, const char *verb, const char *data);
/** A post; mem_deref() it.  Text is escaped, line ends are kept */
char *xd_grpchat(uint32_t envid, const char *room, const char *author,
		 const char *text);
/** "2f6d..." of "ma-chan://example.net/2f6d..." */
const char *xd_room_id(const char *room);
