/**
 * @file deploy/ctl/import_copy.c  The import file as rows of staging tables
 */
#include <re.h>
#include <string.h>
#include "common/db/bstore.h"
#include "deploy/ctl/credential.h"
#include "deploy/ctl/import.h"


void import_copy_text(struct bstore *st, const json_t *obj, const char *key)
{
	bstore_copy_text(st, json_string_value(json_object_get(obj, key)));
}


void import_copy_bool(struct bstore *st, const json_t *obj, const char *key)
{
	const json_t *v = json_object_get(obj, key);

	if (v)
		bstore_copy_bool(st, json_is_true(v));
	else
		bstore_copy_null(st);
}


/* Whether a list is given at all; its elements are rows of import_entry */
void import_copy_given(struct bstore *st, const json_t *obj, const char *key)
{
	bstore_copy_bool(st, json_object_get(obj, key) != NULL);
}


static void copy_word(struct bstore *st, const json_t *v,
		      const char *const *wordv)
{
	const char *s = json_string_value(v);

	for (int i = 0; s && wordv[i]; i++) {
		if (!strcmp(s, wordv[i])) {
			bstore_copy_int(st, i);
			return;
		}
	}

	bstore_copy_null(st);
}


void import_copy_privacy(struct bstore *st, const json_t *obj, const char *key)
{
	copy_word(st, json_object_get(obj, key), import_privacyv);
}


void import_copy_type(struct bstore *st, const json_t *obj, const char *key)
{
	copy_word(st, json_object_get(obj, key), import_typev);
}


void import_copy_state(struct bstore *st, const json_t *obj, const char *key)
{
	copy_word(st, json_object_get(obj, key), import_statev);
}


/* 0: none, for good */
void import_copy_days(struct bstore *st, const json_t *obj, const char *key)
{
	const json_t *v = json_object_get(obj, key);

	if (v)
		bstore_copy_int(st, json_integer_value(v));
	else
		bstore_copy_null(st);
}


void import_copy_invitations(struct bstore *st, const json_t *obj,
			     const char *key)
{
	const json_t *v = json_object_get(obj, key);
	const char *s = json_string_value(v);

	if (v)
		bstore_copy_bool(st, s && !strcmp(s, "inherit"));
	else
		bstore_copy_null(st);
}


/* The file was checked before, so that this finds a user and a host */
void import_copy_uri(struct bstore *st, const json_t *obj, const char *key)
{
	const char *given = json_string_value(json_object_get(obj, key));
	char buf[IMPORT_URI_SIZE];
	struct credential cred;

	(void)import_entry_key(buf, given);
	credential_make(&cred, buf, NULL);

	bstore_copy_text(st, buf);
	bstore_copy_text(st, cred.username);
	bstore_copy_text(st, cred.realm);
}


void import_copy_password(struct bstore *st, const json_t *obj,
			  const char *key)
{
	const char *password = json_string_value(json_object_get(obj, key));
	const char *given = json_string_value(json_object_get(obj, "uri"));
	char buf[IMPORT_URI_SIZE];
	struct credential cred;

	if (!password) {
		for (int i = 0; i < 4; i++)
			bstore_copy_null(st);
		return;
	}

	credential_make(&cred, import_entry_key(buf, given), password);
	bstore_copy_text(st, cred.ha1);
	bstore_copy_text(st, cred.ha1b);
	bstore_copy_text(st, cred.sha256);
	bstore_copy_text(st, cred.sha256b);
}


static int stage_kind(const struct import *im, struct bstore *st,
		      const struct import_kind *kind)
{
	json_t *obj;
	size_t pos;
	int err;

	err = bstore_copy_begin(st, kind->copy);
	if (err)
		return err;

	json_array_foreach(json_object_get(im->root, kind->key), pos, obj) {

		bstore_copy_int(st, (int64_t)pos);
		for (size_t i = 0; i < kind->keyc; i++)
			kind->keyv[i].copyh(st, obj, kind->keyv[i].key);
		bstore_copy_row(st);
	}

	return bstore_copy_end(st);
}


static void stage_list(struct bstore *st, const struct import_key *key,
		       size_t pos, const json_t *list)
{
	char buf[IMPORT_URI_SIZE];
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {

		bstore_copy_int(st, key->list);
		bstore_copy_int(st, (int64_t)pos);
		bstore_copy_int(st, (int64_t)i);
		bstore_copy_text(st, import_entry_key(buf,
						      json_string_value(v)));
		bstore_copy_row(st);
	}
}


static int stage_entries(const struct import *im, struct bstore *st)
{
	json_t *obj;
	size_t pos;
	int err;

	err = bstore_copy_begin(st, "ctl_import_copy_entry");
	if (err)
		return err;

	for (size_t k = 0; k < IMPORT_KINDS; k++) {

		const struct import_kind *kind = &import_kindv[k];

		json_array_foreach(json_object_get(im->root, kind->key), pos,
				   obj) {

			for (size_t i = 0; i < kind->keyc; i++) {

				const struct import_key *key = &kind->keyv[i];

				if (key->list)
					stage_list(st, key, pos,
						   json_object_get(obj,
								   key->key));
			}
		}
	}

	return bstore_copy_end(st);
}


int import_stage(const struct import *im, struct bstore *st)
{
	int err = 0;

	for (size_t k = 0; k < IMPORT_KINDS && !err; k++)
		err = bstore_exec(st, NULL, import_kindv[k].make, NULL, 0);
	if (!err)
		err = bstore_exec(st, NULL, "ctl_import_make_entry", NULL, 0);

	for (size_t k = 0; k < IMPORT_KINDS && !err; k++)
		err = stage_kind(im, st, &import_kindv[k]);
	if (!err)
		err = stage_entries(im, st);

	return err;
}
