/**
 * @file compliance/adapter/setting.c  The settings of an adapter, checked
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <re.h>
#include <openssl/crypto.h>
#include "common/secret.h"
#include "compliance/adapter.h"
#include "compliance/adapter/setting.h"


enum { SECRET_MAX = 4096 };

struct secret {
	char buf[SECRET_MAX];
};


void setting_complain(struct settings *set, int err, const char *key,
		      const char *what)
{
	if (set->err)
		return;

	set->err = err;

	if (set->host && set->host->log)
		set->host->log(set->host->arg, ADAPTER_ERR,
			       "adapter %s: %s: %s", set->adapter->name, key,
			       what);
}


static const struct adapter_key *key_find(const struct adapter *adapter,
					  const char *name)
{
	for (size_t i = 0; i < adapter->keyc; i++) {
		if (!strcmp(adapter->keyv[i].name, name))
			return &adapter->keyv[i];
	}

	return NULL;
}


void settings_init(struct settings *set, const struct adapter *adapter,
		   const struct adapter_setting *v, size_t c,
		   const struct adapter_host *host)
{
	*set = (struct settings){ .adapter = adapter, .v = v, .c = c,
				  .host = host };

	for (size_t i = 0; i < c; i++) {
		if (strcmp(v[i].key, "name") && !key_find(adapter, v[i].key))
			setting_complain(set, EINVAL, v[i].key,
					 "there is no such key");
	}
}


const char *setting_str(struct settings *set, const char *key)
{
	const struct adapter_key *def = key_find(set->adapter, key);

	for (size_t i = set->c; i > 0; i--) {
		if (!strcmp(set->v[i-1].key, key))
			return set->v[i-1].value;
	}

	return def ? def->def : NULL;
}


const char *setting_nth(struct settings *set, const char *key, size_t n)
{
	for (size_t i = 0; i < set->c; i++) {
		if (!strcmp(set->v[i].key, key) && !n--)
			return set->v[i].value;
	}

	return NULL;
}


const char *setting_need(struct settings *set, const char *key)
{
	const char *v = setting_str(set, key);

	if (str_isset(v))
		return v;

	setting_complain(set, EINVAL, key, "is missing and has no default");

	return "";
}


bool setting_bool(struct settings *set, const char *key)
{
	const char *v = setting_str(set, key);

	if (!v || !strcasecmp(v, "false") || !strcasecmp(v, "no"))
		return false;
	if (!strcasecmp(v, "true") || !strcasecmp(v, "yes"))
		return true;

	setting_complain(set, EINVAL, key, "is neither True nor False");

	return false;
}


uint64_t setting_uint(struct settings *set, const char *key, uint64_t min,
		      uint64_t max)
{
	const char *v = setting_str(set, key);
	char *end = NULL, what[80];
	uint64_t n;

	if (!v)
		return min;

	errno = 0;
	n = strtoull(v, &end, 10);
	if (isdigit((unsigned char)*v) && !*end && !errno &&
	    n >= min && n <= max)
		return n;

	(void)re_snprintf(what, sizeof(what), "is no number from %llu to %llu",
			  min, max);
	setting_complain(set, EINVAL, key, what);

	return min;
}


unsigned setting_enum(struct settings *set, const char *key,
		      const char *words)
{
	const char *v = setting_str(set, key);
	char what[80];
	unsigned n = 0;

	for (const char *p = words; *p; n++) {

		const size_t len = strcspn(p, " ");

		if (v && strlen(v) == len && !strncmp(p, v, len))
			return n;

		p += len + (p[len] == ' ');
	}

	(void)re_snprintf(what, sizeof(what), "is none of: %s", words);
	setting_complain(set, EINVAL, key, what);

	return 0;
}


static void secret_destructor(void *data)
{
	OPENSSL_cleanse(data, sizeof(struct secret));
}


/* Of the descriptor: what is checked is what is read */
static const char *secret_read(struct secret *secret, int fd, int *errp)
{
	struct stat st;
	ssize_t n;

	*errp = EACCES;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return "is no file";
	if (!secret_private(&st))
		return "holds a secret and must not be readable by group or"
			" others (wanted mode 0600)";

	n = read(fd, secret->buf, sizeof(secret->buf) - 1);
	if (n < 0) {
		*errp = errno;
		return "cannot be read";
	}

	secret->buf[n] = '\0';
	secret->buf[strcspn(secret->buf, "\r\n")] = '\0';
	*errp = *secret->buf ? 0 : EINVAL;

	return "is empty";
}


void setting_secret(struct settings *set, const char *key, char **textp)
{
	const char *path = setting_str(set, key), *what;
	struct secret *secret;
	int fd, err;

	if (!str_isset(path) || set->err)
		return;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err = errno;
		setting_complain(set, err, key,
				 err == ENOENT ? "there is no such file"
				 : "cannot be opened");
		return;
	}

	secret = mem_zalloc(sizeof(*secret), secret_destructor);
	if (secret) {
		what = secret_read(secret, fd, &err);
	}
	else {
		what = "no memory";
		err = ENOMEM;
	}
	(void)close(fd);

	if (err) {
		mem_deref(secret);
		setting_complain(set, err, key, what);
	}
	else {
		*textp = secret->buf;
	}
}
