/**
 * @file common/conf_value.h  One value of a key: checked by the key's type
 *
 * Private to conf.c.
 */
#pragma once

/* One value of one key */
struct conf_value {
	struct le le;
	char *text;
	uint64_t num;              /* CONF_UINT, and 0 or 1 of CONF_BOOL */
	unsigned line;             /* 0: the default                     */
};

/* Where we are while reading, for messages */
struct conf_place {
	const char *path;
	unsigned line;             /* 0: not about a line                */
	struct mbuf *errmb;        /* may be NULL                        */
};

/** Writes "FILE:LINE: key: what"; returns EBADMSG for the caller to return */
int conf_complain(const struct conf_place *pc, const char *key,
		  const char *fmt, ...);

/**
 * Append a value to @p valuel
 *
 * @return 0, EBADMSG (not what the key wants: see the place's errmb), ENOMEM
 */
int conf_value_add(struct list *valuel, const struct conf_key *key,
		   const struct conf_place *pc, const struct pl *text);
