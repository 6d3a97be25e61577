/**
 * @file compliance/adapter/smtp.c  Mails to a server, so many a connection
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/adapter/mime.h"
#include "compliance/adapter/net.h"
#include "compliance/adapter/setting.h"
#include "compliance/adapter/smtp.h"


struct smtp {
	const struct smtp_opt *opt;
	CURL *curl;
	uint64_t sent;             /* over this connection               */
	int fd;                    /* the mail on its way                */
	uint64_t left;             /* of it                              */
	int read_err;
	char error[CURL_ERROR_SIZE];
};


static void destructor(void *data)
{
	struct smtp *smtp = data;

	curl_easy_cleanup(smtp->curl);
}


static void read_addr(char **addrp, struct settings *set, const char *key)
{
	const char *addr = setting_need(set, key);

	if (set->err)
		return;

	if (mime_addr_ok(addr))
		set->err = str_dup(addrp, addr);
	else
		setting_complain(set, EINVAL, key, "is no mail address");
}


static void read_recipients(struct smtp_opt *opt, struct settings *set)
{
	const char *addr;

	(void)setting_need(set, "smtp_recipient");

	for (size_t i = 0; !set->err; i++) {

		struct curl_slist *list;

		addr = setting_nth(set, "smtp_recipient", i);
		if (!addr)
			return;

		if (!mime_addr_ok(addr)) {
			setting_complain(set, EINVAL, "smtp_recipient",
					 "is no mail address");
			return;
		}

		list = curl_slist_append(opt->recipients, addr);
		if (list)
			opt->recipients = list;
		else
			set->err = ENOMEM;
	}
}


static void read_login(struct smtp_opt *opt, struct settings *set)
{
	const char *user = setting_str(set, "smtp_user");

	setting_secret(set, "smtp_password_file", &opt->password);
	if (str_isset(user) && !set->err)
		set->err = str_dup(&opt->user, user);

	if (!opt->user != !opt->password)
		setting_complain(set, EINVAL, "smtp_user",
				 "goes together with smtp_password_file");
}


void smtp_opt_read(struct smtp_opt *opt, struct settings *set)
{
	const char *url = setting_str(set, "smtp_url");

	net_opt_read(&opt->net, set);
	opt->tls = setting_enum(set, "smtp_tls", "required try none");
	opt->mails_max = setting_uint(set, "smtp_mails", 1, 100000);
	if (!str_isset(url) || set->err)
		return;

	if (strncasecmp(url, "smtp://", 7) && strncasecmp(url, "smtps://", 8))
		setting_complain(set, EINVAL, "smtp_url",
				 "is no smtp:// or smtps:// URL");

	read_addr(&opt->sender, set, "smtp_sender");
	read_recipients(opt, set);
	read_login(opt, set);

	if (!set->err)
		set->err = str_dup(&opt->url, url);
}


void smtp_opt_reset(struct smtp_opt *opt)
{
	net_opt_reset(&opt->net);
	curl_slist_free_all(opt->recipients);
	opt->recipients = NULL;
	opt->url      = mem_deref(opt->url);
	opt->user     = mem_deref(opt->user);
	opt->password = mem_deref(opt->password);
	opt->sender   = mem_deref(opt->sender);
}


static size_t read_handler(char *p, size_t size, size_t n, void *arg)
{
	struct smtp *smtp = arg;
	const ssize_t r = read(smtp->fd, p, size * n);

	if (r < 0) {
		smtp->read_err = errno;
		return CURL_READFUNC_ABORT;
	}

	smtp->left -= (uint64_t)r;

	return (size_t)r;
}


static void set_login(struct smtp *smtp)
{
	static const long tlsv[] = {
		[SMTP_TLS_REQUIRED] = CURLUSESSL_ALL,
		[SMTP_TLS_TRY]      = CURLUSESSL_TRY,
		[SMTP_TLS_NONE]     = CURLUSESSL_NONE,
	};
	CURL *curl = smtp->curl;

	(void)curl_easy_setopt(curl, CURLOPT_USE_SSL, tlsv[smtp->opt->tls]);

	if (smtp->opt->user) {
		(void)curl_easy_setopt(curl, CURLOPT_USERNAME,
				       smtp->opt->user);
		(void)curl_easy_setopt(curl, CURLOPT_PASSWORD,
				       smtp->opt->password);
	}
}


int smtp_alloc(struct smtp **smtpp, const struct smtp_opt *opt)
{
	struct smtp *smtp;

	if (!smtpp || !opt || !opt->url)
		return EINVAL;

	smtp = mem_zalloc(sizeof(*smtp), destructor);
	if (!smtp)
		return ENOMEM;

	smtp->opt  = opt;
	smtp->curl = net_handle(&opt->net, smtp->error);
	if (!smtp->curl) {
		mem_deref(smtp);
		return ENOMEM;
	}

	(void)curl_easy_setopt(smtp->curl, CURLOPT_PROTOCOLS_STR,
			       "smtp,smtps");
	(void)curl_easy_setopt(smtp->curl, CURLOPT_URL, opt->url);
	(void)curl_easy_setopt(smtp->curl, CURLOPT_MAIL_FROM, opt->sender);
	(void)curl_easy_setopt(smtp->curl, CURLOPT_UPLOAD, 1L);
	/* The answer to QUIT is waited for, too */
	(void)curl_easy_setopt(smtp->curl, CURLOPT_SERVER_RESPONSE_TIMEOUT,
			       (long)opt->net.timeout_s);
	(void)curl_easy_setopt(smtp->curl, CURLOPT_READFUNCTION,
			       read_handler);
	(void)curl_easy_setopt(smtp->curl, CURLOPT_READDATA, smtp);
	set_login(smtp);

	*smtpp = smtp;

	return 0;
}


/*
 * A 4xx or 5xx to MAIL, RCPT or DATA (libcurl: sending failed), or to the mail
 * when it was there as a whole, is about this mail; any other (the greeting,
 * the login) is not.
 */
static struct smtp_answer answer(const struct smtp *smtp, CURLcode res,
				 uint64_t size)
{
	struct smtp_answer a = { .verdict = ADAPTER_LATER };
	long code = 0;

	(void)curl_easy_getinfo(smtp->curl, CURLINFO_RESPONSE_CODE, &code);

	if (smtp->read_err || code < 400 || code > 599 || code == 421 ||
	    code == 530)
		return a;

	a.envelope = smtp->left == size;
	a.mail     = res == CURLE_SEND_ERROR || !smtp->left;
	if (a.mail && code >= 500)
		a.verdict = ADAPTER_REFUSED;

	return a;
}


struct smtp_answer smtp_send(struct smtp *smtp, int fd, uint64_t size,
			     const char *rcpt, char *errbuf, size_t errsize)
{
	const bool last = smtp->sent + 1 >= smtp->opt->mails_max;
	const struct smtp_answer taken = { .verdict = ADAPTER_TAKEN };
	struct curl_slist one = { .data = (char *)rcpt };
	CURLcode res;

	smtp->fd       = fd;
	smtp->left     = size;
	smtp->read_err = lseek(fd, 0, SEEK_SET) ? EIO : 0;
	smtp->error[0] = '\0';
	(void)curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT,
			       rcpt ? &one : smtp->opt->recipients);
	(void)curl_easy_setopt(smtp->curl, CURLOPT_INFILESIZE_LARGE,
			       (curl_off_t)size);
	(void)curl_easy_setopt(smtp->curl, CURLOPT_FORBID_REUSE,
			       last ? 1L : 0L);

	res = curl_easy_perform(smtp->curl);
	smtp->sent = last ? 0 : smtp->sent + 1;
	if (res == CURLE_OK)
		return taken;

	(void)re_snprintf(errbuf, errsize, "mail: %s", smtp->error[0] ?
			  smtp->error : curl_easy_strerror(res));

	return answer(smtp, res, size);
}
