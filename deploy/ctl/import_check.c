/**
 * @file deploy/ctl/import_check.c  The import file by itself
 *
 * What needs no store: syntax, keys, types, spellings.  What it takes the
 * store to see (unknown users, names in use, cycles) is checked by the
 * ctl_import_check_ statements.
 */
#include <re.h>
#include <errno.h>
#include <string.h>
#include "common/chaturi.h"
#include "common/limits.h"
#include "common/utf8.h"
#include "deploy/ctl/import.h"


enum { TEXT_MAX = LIMIT_NAME, URL_MAX = 2048, PLACE_SIZE = 160,
       DAYS_MAX = 36500 };


void import_problem(struct import *im, const char *place, const char *problem)
{
	if (im->problems++ == IMPORT_PROBLEMS_MAX)
		(void)fprintf(im->err, "%s: there is more, but this is"
			      " enough for once\n", im->file);
	if (im->problems > IMPORT_PROBLEMS_MAX)
		return;

	(void)fprintf(im->err, "%s: %s%s%s\n", im->file, place,
		      *place ? ": " : "", problem);
}


static int read_json(struct import *im, FILE *f)
{
	json_error_t error;
	char place[64];

	im->root = json_loadf(f, JSON_REJECT_DUPLICATES, &error);
	if (im->root)
		return 0;

	(void)snprintf(place, sizeof(place), "line %d, column %d",
		       error.line, error.column);
	import_problem(im, place, error.text);

	return EBADMSG;
}


int import_read(struct import *im)
{
	char magic[sizeof(IMPORT_MAGIC)] = "";
	int err;
	FILE *f;

	f = fopen(im->file, "rb");
	if (!f) {
		import_problem(im, "", strerror(errno));
		return EBADMSG;
	}

	if (fread(magic, strlen(IMPORT_MAGIC), 1, f) != 1)
		magic[0] = '\0';
	rewind(f);

	if (!strcmp(magic, IMPORT_MAGIC)) {
		im->f = f;
		return import_lines_read(im);
	}

	err = read_json(im, f);
	(void)fclose(f);

	return err;
}


const char *import_is_text(const json_t *v)
{
	if (!json_is_string(v))
		return "must be a string";
	if (utf8_count(json_string_value(v)) > TEXT_MAX)
		return "longer than 256 characters";

	return NULL;
}


/* What a name may have in it, the store says (ctl_import_check_unfit) */
const char *import_is_name(const json_t *v)
{
	const char *problem = import_is_text(v);

	if (problem)
		return problem;

	return *json_string_value(v) ? NULL : "empty";
}


const char *import_is_password(const json_t *v)
{
	if (!json_is_string(v))
		return "must be a string";

	return *json_string_value(v) ? NULL : "empty";
}


const char *import_is_bool(const json_t *v)
{
	return json_is_boolean(v) ? NULL : "must be true or false";
}


/* A page that clients open: https, a host, nothing that ends a URL */
const char *import_is_url(const json_t *v)
{
	static const char scheme[] = "https://";
	const char *s = json_string_value(v);
	size_t i;

	if (!s)
		return "must be a string";
	if (strncasecmp(s, scheme, strlen(scheme)) ||
	    !s[strlen(scheme)] || s[strlen(scheme)] == '/')
		return "must be https://HOST/...";
	if (strlen(s) > URL_MAX)
		return "longer than 2048 bytes";

	for (i = 0; s[i]; i++) {
		if ((unsigned char)s[i] <= ' ' || strchr("\"<>\\\x7f", s[i]))
			return "has characters that no URL has";
	}

	return NULL;
}


/* Length of "former:NUMBER:", which an export puts before the URI of a removed
   user whose URI is another's now; 0: there is none */
static size_t former_prefix(const char *given)
{
	static const char word[] = "former:";
	size_t n;

	if (strncmp(given, word, sizeof(word) - 1))
		return 0;

	n = strspn(given + sizeof(word) - 1, "0123456789");

	return n && given[sizeof(word) - 1 + n] == ':' ? sizeof(word) + n : 0;
}


static bool canon(char *buf, const char *given)
{
	const size_t n = former_prefix(given);
	struct pl pl;

	if (n >= IMPORT_URI_SIZE)
		return false;

	memcpy(buf, given, n);
	pl_set_str(&pl, given + n);

	return !useruri_canon(buf + n, IMPORT_URI_SIZE - n, &pl);
}


const char *import_is_uri(const json_t *v)
{
	char buf[IMPORT_URI_SIZE];

	if (!json_is_string(v))
		return "must be a string";

	return canon(buf, json_string_value(v)) ? NULL : "not a SIP URI";
}


static const char *after(const char *s, const char *prefix)
{
	const size_t n = strlen(prefix);

	return strncasecmp(s, prefix, n) ? NULL : s + n;
}


/* Names of domains that can be in a user's canonical URI */
static bool is_host(const char *s)
{
	return *s && s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789-.[]:")] == '\0';
}


const char *import_is_entry(const json_t *v)
{
	char buf[IMPORT_URI_SIZE];
	const char *s, *name;

	if (!json_is_string(v))
		return "must be a string";

	s = json_string_value(v);
	name = after(s, "group:");
	if (name)
		return *name ? NULL : "a group without a name";

	name = after(s, "domain:");
	if (name)
		return is_host(name) ? NULL : "not a domain";

	name = after(s, "folder:");
	if (name)
		return *name ? NULL : "a folder without a name";

	return canon(buf, s) ? NULL :
		"neither a user's SIP URI nor group:, domain: or folder:NAME";
}


/* "any", everybody, is what a list of categories shows for no restriction */
const char *import_is_scope(const json_t *v)
{
	const char *s = json_string_value(v);

	return s && !strcmp(s, "any") ? NULL : import_is_entry(v);
}


const char *import_entry_key(char buf[IMPORT_URI_SIZE], const char *given)
{
	if (after(given, "group:") || after(given, "domain:") ||
	    after(given, "folder:"))
		return given;

	return canon(buf, given) ? buf : given;
}


static bool is_word(const json_t *v, const char *const *wordv)
{
	const char *s = json_string_value(v);

	for (; s && *wordv; wordv++) {
		if (!strcmp(s, *wordv))
			return true;
	}

	return false;
}


const char *import_is_privacy(const json_t *v)
{
	return is_word(v, import_privacyv) ? NULL :
		"must be \"open\", \"closed\" or \"secret\"";
}


const char *import_is_type(const json_t *v)
{
	return is_word(v, import_typev) ? NULL :
		"must be \"normal\" or \"auditorium\"";
}


const char *import_is_state(const json_t *v)
{
	return is_word(v, import_statev) ? NULL :
		"must be \"enabled\", \"disabled\" or \"deleted\"";
}


const char *import_is_guid(const json_t *v)
{
	uint8_t guid[GUID_SIZE];
	struct pl pl;

	if (!json_is_string(v))
		return "must be a string";

	pl_set_str(&pl, json_string_value(v));

	return guid_decode(guid, &pl) ? "not a GUID" : NULL;
}


const char *import_is_days(const json_t *v)
{
	if (json_is_null(v))
		return NULL;
	if (!json_is_integer(v) || json_integer_value(v) < 1 ||
	    json_integer_value(v) > DAYS_MAX)
		return "must be days, 1 to 36500, or null";

	return NULL;
}


const char *import_is_invitations(const json_t *v)
{
	static const char *const wordv[] = { "inherit", "false", NULL };

	return json_is_false(v) || is_word(v, wordv) ? NULL :
		"must be \"inherit\" or \"false\"";
}


static void check_value(struct import *im, const char *place,
			const struct import_key *key, const json_t *v)
{
	const char *problem;
	char item[PLACE_SIZE + 24];
	json_t *x;
	size_t i;

	if (!key->list) {
		problem = key->checkh(v);
		if (problem)
			import_problem(im, place, problem);
		return;
	}

	if (!json_is_array(v)) {
		import_problem(im, place, "must be a list");
		return;
	}

	json_array_foreach(v, i, x) {

		problem = key->checkh(x);
		if (!problem)
			continue;

		(void)snprintf(item, sizeof(item), "%s[%zu]", place, i);
		import_problem(im, item, problem);
	}
}


static const struct import_key *key_find(const struct import_kind *kind,
					 const char *name)
{
	for (size_t i = 0; i < kind->keyc; i++) {
		if (!strcmp(kind->keyv[i].key, name))
			return &kind->keyv[i];
	}

	return NULL;
}


static void check_object(struct import *im, const struct import_kind *kind,
			 size_t pos, const json_t *obj)
{
	char place[PLACE_SIZE];
	const char *name;
	json_t *v;

	if (!json_is_object(obj)) {
		(void)snprintf(place, sizeof(place), "%s[%zu]",
			       kind->key, pos);
		import_problem(im, place, "must be an object");
		return;
	}

	json_object_foreach((json_t *)obj, name, v) {

		const struct import_key *key = key_find(kind, name);

		(void)snprintf(place, sizeof(place), "%s[%zu].%.80s",
			       kind->key, pos, name);
		if (key)
			check_value(im, place, key, v);
		else
			import_problem(im, place, "unknown key");
	}

	for (size_t i = 0; i < kind->keyc; i++) {

		const struct import_key *key = &kind->keyv[i];

		if (!key->required || json_object_get(obj, key->key))
			continue;

		(void)snprintf(place, sizeof(place), "%s[%zu].%s",
			       kind->key, pos, key->key);
		import_problem(im, place, "missing");
	}
}


static const struct import_kind *kind_find(const char *name)
{
	for (size_t i = 0; i < IMPORT_KINDS; i++) {
		if (!strcmp(import_kindv[i].key, name))
			return &import_kindv[i];
	}

	return NULL;
}


int import_check(struct import *im)
{
	const char *name;
	json_t *list, *obj;
	size_t i;

	if (!json_is_object(im->root))
		import_problem(im, "", "must be an object with users, groups,"
			       " categories and rooms");

	json_object_foreach(im->root, name, list) {

		const struct import_kind *kind = kind_find(name);

		if (!kind || !json_is_array(list)) {
			import_problem(im, name, kind ? "must be a list" :
				       "unknown key");
			continue;
		}

		json_array_foreach(list, i, obj)
			check_object(im, kind, i, obj);
	}

	return im->problems ? EBADMSG : 0;
}
