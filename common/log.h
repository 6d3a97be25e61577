/**
 * @file common/log.h  Log lines of key=value pairs
 *
 * One line an event on standard error (systemd's journal or a file):
 * "time level daemon[pid] event key=value ...".  Never chat text, never a
 * secret.  Values with blanks or quotes are quoted.
 */
#pragma once

enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_open(const char *ident);
void log_level_set(enum log_level level);
/** "error", "warning", "info", "debug"; EINVAL otherwise */
int  log_level_parse(enum log_level *levelp, const char *name);
bool log_enabled(enum log_level level);
enum log_level log_level_get(void);
const char *log_level_name(enum log_level level);

/**
 * @param event  What happened, lower case with dots: "sip.refused"
 * @param fmt    re_printf format of "key=value key=value"; values from
 *               outside go through %H with log_quote or are known to be clean
 */
void log_msg(enum log_level level, const char *event, const char *fmt, ...);

#define log_err(...)   log_msg(LOG_ERR, __VA_ARGS__)
#define log_warn(...)  log_msg(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_msg(LOG_INFO, __VA_ARGS__)
#define log_debug(...) \
	do { if (log_enabled(LOG_DEBUG)) log_msg(LOG_DEBUG, __VA_ARGS__); } \
	while (0)

/** re_printf handler for %H: a struct pl, quoted and cut at 200 characters */
int log_quote(struct re_printf *pf, const struct pl *pl);
