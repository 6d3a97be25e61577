/**
 * @file compliance/adapter/setting.h  The settings of an adapter, checked
 *
 * For open() of our own adapters: the getters take what was configured or the
 * default of the key table.  The first thing that is wrong is told to the
 * host's log, kept in @c err, and makes the rest harmless.
 */
#pragma once

struct settings {
	const struct adapter *adapter;
	const struct adapter_setting *v;
	size_t c;
	const struct adapter_host *host;
	int err;                  /* EINVAL, EACCES..: see the host's log  */
};

/** Complains of keys that the adapter's table does not have, but "name" */
void settings_init(struct settings *set, const struct adapter *adapter,
		   const struct adapter_setting *v, size_t c,
		   const struct adapter_host *host);

/** NULL: neither given nor with a default; the last one given counts */
const char *setting_str(struct settings *set, const char *key);
/** The n-th given, NULL past the last; no default */
const char *setting_nth(struct settings *set, const char *key, size_t n);
/** Complains when missing; never NULL */
const char *setting_need(struct settings *set, const char *key);
/** True or False, yes or no, whatever the case */
bool        setting_bool(struct settings *set, const char *key);
uint64_t    setting_uint(struct settings *set, const char *key, uint64_t min,
			 uint64_t max);
/** One of @p words ("jsonl json"), as its number from 0 */
unsigned    setting_enum(struct settings *set, const char *key,
			 const char *words);
/**
 * What the file that the key names begins with, up to the end of the line.
 * Others must not be able to read it (mode 0600 or less).
 *
 * @param textp  Set when given; mem_deref(), which wipes it
 */
void        setting_secret(struct settings *set, const char *key,
			   char **textp);
/** Sets the error and logs "adapter TYPE: key: what" */
void        setting_complain(struct settings *set, int err, const char *key,
			     const char *what);
