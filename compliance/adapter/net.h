/**
 * @file compliance/adapter/net.h  What mail and web have in common: libcurl
 *
 * Blocking, with time-outs.
 */
#pragma once

#include <curl/curl.h>

struct settings;

struct net_opt {
	char *ca_file;           /* NULL: the system's                     */
	char *cert_file, *key_file;
	uint64_t connect_timeout_s, timeout_s;
};

/** The keys of every adapter that uses this; for its key table */
#define NET_KEYS                                                          \
	{ "ca_file", NULL, "Certificates of those who may sign the other"  \
	  " side's, PEM; without it the system's." },                     \
	{ "cert_file", NULL, "Our certificate, PEM, if one is asked for." },\
	{ "key_file", NULL, "Its key, PEM; mode 0600." },                 \
	{ "connect_timeout_s", "10", "1 to 600." },                       \
	{ "timeout_s", "60", "Of one request or mail; 1 to 3600." }

/** Errors stay in @p set; ended by net_opt_reset() */
void net_opt_read(struct net_opt *opt, struct settings *set);
void net_opt_reset(struct net_opt *opt);

/** A handle with these options, errors as text in @p errbuf; NULL: ENOMEM */
CURL *net_handle(const struct net_opt *opt, char errbuf[CURL_ERROR_SIZE]);
