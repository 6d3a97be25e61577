/**
 * @file common/conf.h  Configuration from a key table
 *
 * A daemon states its keys in one table; the file (libre's conf syntax:
 * "key<blanks>value", # comments), the checks, the defaults, the reload and
 * the manual page all come from it.  An unknown key, a wrong type, a value
 * out of range or a missing required key is an error that names file, line
 * and key.
 */
#pragma once

enum conf_type {
	CONF_STR,        /* any text                                     */
	CONF_UINT,       /* decimal, min..max                            */
	CONF_BOOL,       /* yes or no                                    */
	CONF_ENUM,       /* one of the words in @c words                 */
	CONF_FILE,       /* a path that must be readable                 */
	CONF_SECRET,     /* a path that must not be readable by others;
	                    of both, credential:NAME is one that systemd
	                    brought (LoadCredential=)                    */
};

enum conf_flag {
	CONF_RELOAD   = 1<<0,   /* takes effect on SIGHUP                */
	CONF_REQUIRED = 1<<1,
	CONF_MULTI    = 1<<2,   /* may be given several times            */
};

struct conf_key {
	const char *name;       /* "sip.listen_tcp"                      */
	enum conf_type type;
	const char *unit;       /* "s", "ms", "bytes" or NULL            */
	const char *def;        /* default as text; NULL: none           */
	uint64_t min, max;      /* CONF_UINT                             */
	unsigned flags;
	const char *words;      /* CONF_ENUM: "open closed"              */
	const char *help;       /* a paragraph of the manual             */
};

struct config;

/**
 * Read and check a file
 *
 * @param confp  Set on success; mem_deref() it
 * @param keyv   Must outlive the config
 * @param errmb  On failure one line "FILE:LINE: key: what is wrong", without
 *               LINE where no line is at fault; may be NULL
 *
 * @return 0, ENOENT (no such file), EBADMSG (see errmb), ENOMEM
 */
int  config_load(struct config **confp, const struct conf_key *keyv,
		 size_t keyc, const char *path, struct mbuf *errmb);

/**
 * One key of a file whose table is not known yet: the first line that has it,
 * read as config_load() reads it, other keys whatever they are
 *
 * @param valp   Set to the value, to be mem_deref()ed, or NULL: not given
 * @param errmb  As of config_load()
 *
 * @return 0, ENOENT (no such file), EBADMSG (see errmb), ENOMEM
 */
int  config_peek(char **valp, const char *key, const char *path,
		 struct mbuf *errmb);

/**
 * Read the file again; keys with CONF_RELOAD take effect, a changed key
 * without it is logged as needing a restart.  On error nothing changes.
 */
int  config_reload(struct config *conf, struct mbuf *errmb);

/* A key that is not in the table is a bug of ours and aborts */
/** NULL: not given and no default.  Valid until a reload changes the key */
const char *config_str(const struct config *conf, const char *key);
uint64_t    config_uint(const struct config *conf, const char *key);
bool        config_bool(const struct config *conf, const char *key);
/** The n-th value of a CONF_MULTI key, NULL past the last */
const char *config_nth(const struct config *conf, const char *key, size_t n);

/** What config_str() tells from now on instead of the file's value */
int config_override(struct config *conf, const char *key, const char *text);

/** The file, and the line of a key's n-th value; 0: a default, or not given */
const char *config_path(const struct config *conf);
unsigned    config_line(const struct config *conf, const char *key, size_t n);

/** The manual page (roff) and the annotated sample, made from the table */
int  config_print_man(struct re_printf *pf, const char *daemon,
		      const struct conf_key *keyv, size_t keyc);
int  config_print_sample(struct re_printf *pf, const struct conf_key *keyv,
			 size_t keyc);
