/**
 * @file deploy/ctl/sync_dir.h  An LDAP directory, read
 *
 * A blocking connection: TLS, bind, searches in pages.  Every function that
 * fails has said why on the connection's error stream.
 */
#pragma once

struct config;
struct dir;
struct dir_entry;

/** One entry; an error ends the search */
typedef int (dir_entry_h)(const struct dir_entry *entry, void *arg);

/**
 * Connect and bind
 *
 * @param dirp  Set on success; mem_deref() closes
 * @param conf  Keys ldap.* of sync_keyv; outlives the connection
 * @param err   Where errors are reported
 *
 * @return 0, ECONNREFUSED (no server, no TLS, not the password), EACCES (the
 *         password would go over the net in clear), ENOMEM
 */
int  dir_open(struct dir **dirp, const struct config *conf, FILE *err);

/** Search below @p base; @p attrv ends with NULL.  EPROTO, or the handler's */
int  dir_search(struct dir *dir, const char *base, const char *filter,
		const char *const *attrv, dir_entry_h *h, void *arg);

/** The highest change number of a server that counts its changes, with what
 *  names the server; NULL: it does not count (or no memory).  mem_deref() it */
char *dir_usn(struct dir *dir);

/** A DN in one spelling (RFC 4514, lower case), the same of what is directly
 *  above it ("" at the top), and the value of its first part as it is */
struct dir_dn {
	char *dn, *parent, *rdn;
};

/** dir_dn_reset() it in any case.  EBADMSG, ENOMEM */
int  dir_dn(struct dir_dn *dn, const struct dir_entry *entry);
void dir_dn_reset(struct dir_dn *dn);
/** A value that is a DN, in that spelling; mem_deref() it.  EBADMSG in
 *  silence */
int  dir_dn_normal(char **dnp, const char *dn);

/** Say what is wrong with an entry.  EPROTO */
int  dir_complain(const struct dir_entry *entry, const char *problem);

/** The n-th value of an attribute as text; NULL: none.  Valid until the
 *  handler returns or the next call */
const char *dir_value(const struct dir_entry *entry, const char *attr,
		      size_t n);
/** The entry's id: text in lower case, or a binary one in hex; NULL: none */
const char *dir_id(const struct dir_entry *entry);

/** All values of an attribute, also of one that comes in ranges */
typedef int (dir_value_h)(const char *value, void *arg);
int  dir_values(const struct dir_entry *entry, const char *attr,
		dir_value_h *h, void *arg);
