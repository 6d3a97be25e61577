/**
 * @file deploy/ctl/import.h  The import file: its keys, checks and rows
 *
 * One table (import_keys.c) says what a key may hold and which columns of a
 * staging table it becomes; the columns of sql/statements/ctl_import.sql are
 * in the table's order.
 */
#pragma once

#include "common/json.h"

struct bstore;

enum { IMPORT_PROBLEMS_MAX = 20 };

/** One run */
struct import {
	const char *file;     /* as the user named it         */
	FILE *err;
	json_t *root;
	unsigned problems;    /* said, or passed over in silence when many */

	/* An export file is lines; those of its content are read last */
	FILE *f;              /* NULL: it is not an export file     */
	char *line;
	size_t size;
	unsigned lineno;
	json_t *next;         /* read, and to be looked at yet      */
	json_t *content;      /* rooms that it has messages of      */
	size_t filec;
	uint64_t messages;
};

/** What an export file begins with */
#define IMPORT_MAGIC "{\"pchat_export\""
enum { IMPORT_FORMAT = 1 };

/** What is wrong with a value, NULL: nothing */
typedef const char *(import_check_h)(const json_t *v);
/** Write the columns of a key of @p obj; the key may be absent */
typedef void (import_copy_h)(struct bstore *st, const json_t *obj,
			     const char *key);

struct import_key {
	const char *key;
	bool required;
	int list;               /* number in import_entry; 0: no list   */
	import_check_h *checkh; /* of the value, or of a list's elements */
	import_copy_h *copyh;
};

/** A kind of object */
struct import_kind {
	const char *key;        /* of the list of them in the file      */
	const char *make;       /* statement: the staging table         */
	const char *copy;       /* statement: COPY into it              */
	const struct import_key *keyv;
	size_t keyc;
};

enum { IMPORT_KINDS = 5 };
extern const struct import_kind import_kindv[IMPORT_KINDS];

/** The words of enumerations by their number in the store, then NULL */
extern const char *const import_privacyv[], *const import_typev[],
	*const import_statev[];

/** Report "FILE: place: problem" */
void import_problem(struct import *im, const char *place,
		    const char *problem);

/** Read the file.  Errors are reported with line and column; 0 or EBADMSG */
int  import_read(struct import *im);
/** The same for an export file, up to its content; what was read of it is in
 *  im->line */
int  import_lines_read(struct import *im);
/** The content of an export file into staging tables.  EBADMSG, reported, or
 *  an errno of bstore */
int  import_content(struct import *im, struct bstore *st);
/** All that a run holds */
void import_close(struct import *im);
/** All that can be said without the store; 0 or EBADMSG, reported */
int  import_check(struct import *im);
/** The staging tables, filled.  An errno of bstore */
int  import_stage(const struct import *im, struct bstore *st);

enum { IMPORT_URI_SIZE = 512 };

/** A list's element as the store spells it: canonical URI, or as it is */
const char *import_entry_key(char buf[IMPORT_URI_SIZE], const char *given);

import_check_h import_is_name, import_is_text, import_is_password,
	import_is_bool, import_is_uri, import_is_url, import_is_entry,
	import_is_scope, import_is_privacy, import_is_type, import_is_state,
	import_is_guid, import_is_days, import_is_invitations;
import_copy_h import_copy_state, import_copy_days, import_copy_text, import_copy_bool, import_copy_given,
	import_copy_uri, import_copy_password, import_copy_privacy,
	import_copy_type, import_copy_invitations;
