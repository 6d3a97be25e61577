/**
 * @file common/conf_value.c  What each type of key accepts
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <re.h>
#include "common/conf.h"
#include "common/conf_value.h"
#include "common/secret.h"


static void destructor(void *data)
{
	struct conf_value *val = data;

	list_unlink(&val->le);
	mem_deref(val->text);
}


int conf_complain(const struct conf_place *pc, const char *key,
		  const char *fmt, ...)
{
	va_list ap;

	if (!pc->errmb)
		return EBADMSG;

	(void)mbuf_printf(pc->errmb, "%s:", pc->path);
	if (pc->line)
		(void)mbuf_printf(pc->errmb, "%u:", pc->line);
	if (key)
		(void)mbuf_printf(pc->errmb, " %s:", key);

	(void)mbuf_write_u8(pc->errmb, ' ');

	va_start(ap, fmt);
	(void)mbuf_vprintf(pc->errmb, fmt, ap);
	va_end(ap);

	return EBADMSG;
}


static bool is_word(const char *words, const char *text)
{
	const size_t len = strlen(text);
	const char *p = words;

	while (p && *p) {
		const size_t n = strcspn(p, " ");

		if (n == len && !memcmp(p, text, n))
			return true;

		p += n;
		p += strspn(p, " ");
	}

	return false;
}


static int check_uint(const struct conf_place *pc, const struct conf_key *key,
		      struct conf_value *val)
{
	const uint64_t max = key->max ? key->max : UINT64_MAX;
	char *end;

	errno = 0;
	val->num = strtoull(val->text, &end, 10);

	if (val->text[0] < '0' || val->text[0] > '9' || *end || errno)
		return conf_complain(pc, key->name, "\"%s\" is not a number",
				val->text);

	if (val->num < key->min || val->num > max)
		return conf_complain(pc, key->name,
				"%s is not within %llu..%llu %s", val->text,
				(unsigned long long)key->min,
				(unsigned long long)max,
				key->unit ? key->unit : "");
	return 0;
}


static int check_bool(const struct conf_place *pc, const struct conf_key *key,
		      struct conf_value *val)
{
	val->num = !strcmp(val->text, "yes");

	if (!val->num && strcmp(val->text, "no"))
		return conf_complain(pc, key->name, "\"%s\" is neither yes nor no",
				val->text);
	return 0;
}


static int check_enum(const struct conf_place *pc, const struct conf_key *key,
		      struct conf_value *val)
{
	if (!is_word(key->words, val->text))
		return conf_complain(pc, key->name, "\"%s\" is none of: %s",
				val->text, key->words);
	return 0;
}


static int check_file(const struct conf_place *pc, const struct conf_key *key,
		      struct conf_value *val)
{
	if (*val->text && access(val->text, R_OK))
		return conf_complain(pc, key->name, "%s cannot be read: %m",
				val->text, errno);
	return 0;
}


static int check_secret(const struct conf_place *pc, const struct conf_key *key,
			struct conf_value *val)
{
	struct stat st;
	int err;

	err = check_file(pc, key, val);
	if (err || !*val->text)
		return err;

	if (stat(val->text, &st))
		return conf_complain(pc, key->name, "%s: %m", val->text, errno);

	/* libre's printf has no %o */
	if (!secret_private(&st))
		return conf_complain(pc, key->name,
				"%s holds a secret and must not be readable"
				" by group or others (its mode is 0%u%u%u,"
				" must be 0600, or 0640 of root and the"
				" service's group)", val->text,
				(unsigned)st.st_mode >> 6 & 7,
				(unsigned)st.st_mode >> 3 & 7,
				(unsigned)st.st_mode & 7);
	return 0;
}


static int check_str(const struct conf_place *pc, const struct conf_key *key,
		     struct conf_value *val)
{
	return 0;
}


typedef int (check_h)(const struct conf_place *pc, const struct conf_key *key,
		      struct conf_value *val);

static check_h *const checkv[] = {
	[CONF_STR]    = check_str,
	[CONF_UINT]   = check_uint,
	[CONF_BOOL]   = check_bool,
	[CONF_ENUM]   = check_enum,
	[CONF_FILE]   = check_file,
	[CONF_SECRET] = check_secret,
};


/* "credential:NAME" is a file that systemd's LoadCredential= brought */
static int credential(struct conf_value *val)
{
	static const char scheme[] = "credential:";
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char *path = NULL;
	int err;

	if (strncmp(val->text, scheme, sizeof(scheme) - 1))
		return 0;

	err = re_sdprintf(&path, "%s/%s", dir ? dir : "/run/credentials",
			  val->text + sizeof(scheme) - 1);
	if (err)
		return err;

	mem_deref(val->text);
	val->text = path;

	return 0;
}


int conf_value_add(struct list *valuel, const struct conf_key *key,
		   const struct conf_place *pc, const struct pl *text)
{
	struct conf_value *val;
	int err;

	val = mem_zalloc(sizeof(*val), destructor);
	if (!val)
		return ENOMEM;

	err = pl_strdup(&val->text, text);
	if (err)
		goto out;

	val->line = pc->line;
	if (key->type == CONF_FILE || key->type == CONF_SECRET)
		err = credential(val);
	if (err)
		goto out;

	err = checkv[key->type](pc, key, val);
	if (err)
		goto out;

	list_append(valuel, &val->le, val);

 out:
	if (err)
		mem_deref(val);

	return err;
}
