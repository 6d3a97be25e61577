/**
 * @file deploy/ctl/sync_dir_priv.h  An LDAP directory, from inside
 */
#pragma once

#include <ldap.h>
#include "deploy/ctl/sync_dir.h"

struct dir {
	LDAP *ld;
	const struct config *conf;
	FILE *err;
};

struct dir_entry {
	struct dir *dir;
	LDAPMessage *msg;
	char *dn;
	char *text;              /* the value last asked for */
};

/** Say what the library says.  EPROTO, ENOMEM */
int  dir_failed(const struct dir *dir, const char *what, int rc);

/** A value as text; NULL: no memory.  mem_deref() it */
char *dir_text(const struct berval *bv);
