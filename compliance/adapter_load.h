/**
 * @file compliance/adapter_load.h  An adapter's configuration and its code
 *
 * Each adapter has a file of its own, in the syntax of the daemon's.  Keys of
 * the host begin with "adapter."; the others are the adapter's, which names
 * them in its table (compliance/adapter.h).
 */
#pragma once

struct adapter;
struct adapter_host;
struct adapter_spec;
struct adapter_setting;
struct re_printf;

enum { ADAPTERS_MAX = 64 };    /* of a daemon                              */

/** What the host's keys say; see adapter_load.c for the table */
struct adapter_common {
	const char *name;       /* unique; files and rows are called so      */
	const char *type;       /* as configured: built-in, or a plug-in     */
	const char *dir;        /* NULL: it writes no files                  */
	const char *sign_key;   /* NULL: manifests are not signed            */
	bool required;
	uint32_t timeout_s;     /* a delivery that lasts longer is ended     */
	uint32_t retry_min_s;   /* shortest wait between tries, and longest  */
	uint32_t retry_max_s;
};

/**
 * Read an adapter's file and find its code
 *
 * A type with a '/' is a plug-in: it is loaded into this process and must have
 * our ABI number.
 *
 * @param specp  Set on success; mem_deref() it after the adapter's close()
 * @param errmb  On failure one line that names file, line and key
 *
 * @return 0, ENOENT, EBADMSG (what is wrong is in errmb), ENOMEM
 */
int  adapter_load(struct adapter_spec **specp, const char *path,
		  struct mbuf *errmb);
const struct adapter_common *adapter_spec_common(
	const struct adapter_spec *spec);
const struct adapter *adapter_spec_code(const struct adapter_spec *spec);

/** Whether a built-in adapter needs adapter.directory */
bool adapter_spec_writes(const struct adapter_spec *spec);
/** adapter->open() with the settings of the file */
int  adapter_spec_open(const struct adapter_spec *spec, void **statep,
		       const struct adapter_host *host);

/**
 * Only what the host's keys say, without loading any code
 *
 * @param specp  For adapter_spec_common() alone
 */
int  adapter_peek(struct adapter_spec **specp, const char *path,
		  struct mbuf *errmb);

/** An annotated file for a type; ENOENT: not one of ours */
int  adapter_print_sample(struct re_printf *pf, const char *type);
