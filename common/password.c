/**
 * @file common/password.c  A store's password in a file of its own
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/conf.h"
#include "common/password.h"
#include "common/secret.h"


/* As libpq wants a value */
static int value_put(struct mbuf *mb, const char *keyword, const char *value)
{
	int err = mbuf_printf(mb, "%s%s='", mb->end ? " " : "", keyword);

	for (; *value && !err; ++value) {
		if (*value == '\'' || *value == '\\')
			err = mbuf_write_u8(mb, '\\');
		if (!err)
			err = mbuf_write_u8(mb, (uint8_t)*value);
	}

	return err ? err : mbuf_write_u8(mb, '\'');
}


static int compose(struct mbuf *mb, const PQconninfoOption *optv,
		   const char *password)
{
	int err = 0;

	for (; optv->keyword && !err; ++optv) {
		if (optv->val && strcmp(optv->keyword, "password"))
			err = value_put(mb, optv->keyword, optv->val);
	}
	if (!err)
		err = value_put(mb, "password", password);

	return err ? err : mbuf_write_u8(mb, '\0');
}


static int take(struct config *conf, const char *key, const char *password)
{
	PQconninfoOption *optv = PQconninfoParse(config_str(conf, key), NULL);
	struct mbuf *mb = mbuf_alloc(512);
	int err = mb ? 0 : ENOMEM;

	/* what is wrong with it is said elsewhere */
	if (optv && !err)
		err = compose(mb, optv, password);
	if (optv && !err)
		err = config_override(conf, key, (const char *)mb->buf);

	if (mb)
		explicit_bzero(mb->buf, mb->size);
	PQconninfoFree(optv);
	mem_deref(mb);

	return err;
}


int password_take(struct config *conf, const char *key, struct mbuf *errmb)
{
	char name[64], *password = NULL;
	const char *path;
	int err;

	(void)snprintf(name, sizeof(name), "%.*s.password_file",
		       (int)strcspn(key, "."), key);
	path = config_str(conf, name);
	if (!str_isset(path))
		return 0;

	err = secret_line(&password, path);
	if (err) {
		(void)mbuf_printf(errmb, "%s:%u: %s: \"%s\": %m",
				  config_path(conf), config_line(conf, name, 0),
				  name, path, err);
		return EBADMSG;
	}

	err = take(conf, key, password);
	explicit_bzero(password, strlen(password));
	mem_deref(password);

	return err;
}
