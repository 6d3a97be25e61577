/**
 * @file compliance/adapter/net.c  What mail and web have in common: libcurl
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include <re.h>
#include "common/secret.h"
#include "compliance/adapter.h"
#include "compliance/adapter/net.h"
#include "compliance/adapter/setting.h"


static void read_path(char **pathp, struct settings *set, const char *key)
{
	const char *path = setting_str(set, key);

	if (!str_isset(path) || set->err)
		return;

	if (access(path, R_OK))
		setting_complain(set, errno, key, "cannot be read");
	else
		set->err = str_dup(pathp, path);
}


void net_opt_read(struct net_opt *opt, struct settings *set)
{
	struct stat st;

	read_path(&opt->ca_file, set, "ca_file");
	read_path(&opt->cert_file, set, "cert_file");
	read_path(&opt->key_file, set, "key_file");

	if (opt->key_file && !set->err && !stat(opt->key_file, &st) &&
	    !secret_private(&st))
		setting_complain(set, EACCES, "key_file",
				 "must not be readable by group or others"
				 " (wanted mode 0600)");

	opt->connect_timeout_s = setting_uint(set, "connect_timeout_s", 1,
					      600);
	opt->timeout_s = setting_uint(set, "timeout_s", 1, 3600);
}


void net_opt_reset(struct net_opt *opt)
{
	opt->ca_file   = mem_deref(opt->ca_file);
	opt->cert_file = mem_deref(opt->cert_file);
	opt->key_file  = mem_deref(opt->key_file);
}


/* Not CURLOPT_NOSIGNAL: libcurl is to keep SIGPIPE away while it writes */
CURL *net_handle(const struct net_opt *opt, char errbuf[CURL_ERROR_SIZE])
{
	CURL *curl = curl_easy_init();

	if (!curl)
		return NULL;

	(void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, errbuf);
	(void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	(void)curl_easy_setopt(curl, CURLOPT_SSLVERSION,
			       (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
			       (long)opt->connect_timeout_s);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)opt->timeout_s);

	if (opt->ca_file) {
		(void)curl_easy_setopt(curl, CURLOPT_CAINFO, opt->ca_file);
		(void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
	if (opt->cert_file)
		(void)curl_easy_setopt(curl, CURLOPT_SSLCERT, opt->cert_file);
	if (opt->key_file)
		(void)curl_easy_setopt(curl, CURLOPT_SSLKEY, opt->key_file);

	return curl;
}
