/**
 * @file common/password.h  A store's password in a file of its own
 *
 * store.conninfo has a store.password_file beside it, and so has any other
 * NAME.conninfo: the password stays out of the configuration, out of command
 * lines, and may be a credential that systemd brought, which libpq's own
 * password file cannot.
 */
#pragma once

struct config;

/**
 * Put the password into the connection string that config_str() tells
 *
 * @param key    "store.conninfo"
 * @param errmb  On failure why
 *
 * @return 0, also without such a file; EBADMSG, ENOMEM
 */
int password_take(struct config *conf, const char *key, struct mbuf *errmb);
