/**
 * @file compliance/adapter/eml.c  A mail per conversation, to files or by SMTP
 *
 * By SMTP a mail is an item of its batch, and when its recipients are not of
 * one mind each of them is: what is refused is set aside, what was taken is
 * not sent again.  Only when the process ends between the server's answer and
 * our note of it must the receiver know a mail by its Message-ID.
 */
#include <errno.h>
#include <string.h>
#include <curl/curl.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/outfile.h"
#include "compliance/adapter/builtin.h"
#include "compliance/adapter/emlmail.h"
#include "compliance/adapter/mime.h"
#include "compliance/adapter/net.h"
#include "compliance/adapter/place.h"
#include "compliance/adapter/setting.h"
#include "compliance/adapter/smtp.h"


struct eml {
	struct eml_opt opt;
	struct smtp_opt smtp;
	char *name, *tmp_dir;
};

/* Through a batch, mail by mail */
struct eml_run {
	struct eml *eml;
	const struct adapter_batch *batch;
	struct smtp *smtp;         /* NULL: to files                      */
	bool later;                /* some mail is to be tried again      */
	char *errbuf;
	size_t errsize;
};

static const struct adapter_key keyv[] = {
	{ "from", NULL, "Address in From; without it the first who did"
	  " something and has one." },
	{ "domain", "pchat.invalid", "What Message-IDs end with; the same on"
	  " all hosts, and never changed." },
	{ "msgtype", "pchat", "X-GlobalRelay-MsgType, as the archive wants"
	  " it." },
	{ "mail_bytes", "26214400", "A conversation goes on in another mail"
	  " before one would be larger; 65536 to 1073741824." },
	{ "attach_bytes", "20971520", "A larger file is not attached, but"
	  " named; 0: all are." },
	{ "to_bytes", "16384", "Addresses in To end at about so many bytes;"
	  " the text names everybody then; 256 to 1048576." },
	{ "tmp_dir", "/tmp", "For the mail on its way by SMTP." },
	SMTP_KEYS,
};


static void destructor(void *data)
{
	struct eml *eml = data;

	smtp_opt_reset(&eml->smtp);
	mem_deref(eml->opt.from);
	mem_deref(eml->opt.domain);
	mem_deref(eml->opt.msgtype);
	mem_deref(eml->name);
	mem_deref(eml->tmp_dir);
}


static void read_str(char **strp, struct settings *set, const char *key)
{
	const char *str = setting_str(set, key);

	if (str && !set->err)
		set->err = str_dup(strp, str);
}


static void check_addresses(const struct eml *eml, struct settings *set)
{
	char addr[256];

	if (eml->opt.from && !mime_addr_ok(eml->opt.from))
		setting_complain(set, EINVAL, "from", "is no mail address");

	if (eml->opt.domain &&
	    (re_snprintf(addr, sizeof(addr), "a@%s", eml->opt.domain) < 0 ||
	     !mime_addr_ok(addr)))
		setting_complain(set, EINVAL, "domain", "is no domain");
}


static void read_settings(struct eml *eml, struct settings *set)
{
	read_str(&eml->opt.from, set, "from");
	read_str(&eml->opt.domain, set, "domain");
	read_str(&eml->opt.msgtype, set, "msgtype");
	read_str(&eml->tmp_dir, set, "tmp_dir");
	read_str(&eml->name, set, "name");
	if (!eml->name && !set->err)
		set->err = str_dup(&eml->name, "eml");

	check_addresses(eml, set);

	eml->opt.mail_bytes = setting_uint(set, "mail_bytes", 65536,
					   1073741824);
	eml->opt.attach_bytes = setting_uint(set, "attach_bytes", 0,
					     UINT64_MAX);
	eml->opt.to_bytes = setting_uint(set, "to_bytes", 256, 1048576);
	smtp_opt_read(&eml->smtp, set);
}


static int eml_open(void **statep, const struct adapter_setting *settingv,
		    size_t settingc, const struct adapter_host *host)
{
	struct settings set;
	struct eml *eml;

	eml = mem_zalloc(sizeof(*eml), destructor);
	if (!eml)
		return ENOMEM;

	eml->opt.host = host;
	settings_init(&set, &adapter_eml, settingv, settingc, host);
	read_settings(eml, &set);

	if (set.err)
		mem_deref(eml);
	else
		*statep = eml;

	return set.err;
}


static enum adapter_verdict to_file(const struct eml_run *run,
				    struct emlmail *mail)
{
	const struct adapter_room *room = mail->conv->room;
	struct outfile *of = NULL;
	char *tag = NULL;
	int err;

	err = re_sdprintf(&tag, "%s-%u", room ? room->guid : "none",
			  mail->part);
	if (!err)
		err = place_open(&of, run->batch, run->eml->name, tag, "eml");
	if (!err)
		err = emlmail_write(of, mail);
	if (!err)
		err = place_close(of, run->eml->opt.host);

	mem_deref(tag);
	mem_deref(of);

	return place_result(err, "writing mail", run->errbuf, run->errsize);
}


/* ---------------------------------------------------------------- by SMTP */

/* A mail to its recipients one by one; mark: the item that says that one of
   them has it */
struct apart {
	const char *name;
	char mark[128];
	int fd;
	uint64_t size;
};


static bool is_due(const struct eml_run *run, const char *item)
{
	const struct adapter_host *host = run->eml->opt.host;

	return host->due(host->arg, item);
}


/* Settled for good, or kept for the next try; the first reason is told */
static enum adapter_verdict keep(struct eml_run *run, const char *item,
				 const struct smtp_answer *a, const char *why)
{
	const struct adapter_host *host = run->eml->opt.host;
	int err;

	if (a->verdict != ADAPTER_TAKEN && !*run->errbuf)
		str_ncpy(run->errbuf, why, run->errsize);
	if (a->verdict == ADAPTER_LATER && !a->mail)
		return ADAPTER_LATER;

	run->later |= a->verdict == ADAPTER_LATER;
	err = host->settled(host->arg, item, a->verdict, why);

	return place_result(err, item, run->errbuf, run->errsize);
}


/* One recipient of a mail whose recipients are served apart */
static enum adapter_verdict send_one(struct eml_run *run,
				     const struct apart *apart,
				     const char *rcpt)
{
	const struct smtp_answer taken = { .verdict = ADAPTER_TAKEN };
	enum adapter_verdict v = ADAPTER_TAKEN;
	struct smtp_answer a;
	char item[512], why[256] = "";

	(void)re_snprintf(item, sizeof(item), "%s to %s", apart->name, rcpt);
	if (!is_due(run, item))
		return ADAPTER_TAKEN;

	a = smtp_send(run->smtp, apart->fd, apart->size, rcpt, why,
		      sizeof(why));
	if (a.verdict == ADAPTER_TAKEN)
		v = keep(run, apart->mark, &taken, "");

	return v == ADAPTER_TAKEN ? keep(run, item, &a, why) : v;
}


/* One that is refused does not keep it from the others */
static enum adapter_verdict send_apart(struct eml_run *run,
				       const struct apart *apart)
{
	const struct curl_slist *rcpt = run->eml->smtp.recipients;
	enum adapter_verdict v = ADAPTER_TAKEN;

	for (; rcpt && v == ADAPTER_TAKEN; rcpt = rcpt->next)
		v = send_one(run, apart, rcpt->data);

	return v;
}


/* To all at once; when the server does not want it for one of them, apart.
   Once one of them has it, it never goes to all again */
static enum adapter_verdict send_mail(struct eml_run *run, const char *name,
				      struct outfile *of, int fd)
{
	const struct curl_slist *rcpt = run->eml->smtp.recipients;
	struct apart apart = { .name = name, .fd = fd,
			       .size = outfile_size(of) };
	struct smtp_answer a;
	char why[256] = "";

	(void)re_snprintf(apart.mark, sizeof(apart.mark),
			  "%s, to some recipients", name);
	if (!is_due(run, apart.mark))
		return send_apart(run, &apart);
	if (!is_due(run, name))
		return ADAPTER_TAKEN;

	a = smtp_send(run->smtp, fd, apart.size, NULL, why, sizeof(why));
	if (!a.mail || !a.envelope || !rcpt->next)
		return keep(run, name, &a, why);

	return send_apart(run, &apart);
}


/* By way of a file without a name: its size is said first */
static enum adapter_verdict to_server(struct eml_run *run,
				      struct emlmail *mail)
{
	const struct adapter_room *room = mail->conv->room;
	enum adapter_verdict v;
	struct outfile *of = NULL;
	char name[64];
	int fd = -1, err;

	(void)re_snprintf(name, sizeof(name), "mail %s-%u",
			  room ? room->guid : "none", mail->part);

	err = outfile_temp(&of, run->eml->tmp_dir);
	if (!err)
		err = emlmail_write(of, mail);
	if (!err)
		err = outfile_rewind(of, &fd);

	v = err ? place_result(err, "writing mail", run->errbuf, run->errsize)
		: send_mail(run, name, of, fd);
	mem_deref(of);

	return v;
}


static enum adapter_verdict deliver_all(struct eml_run *run)
{
	enum adapter_verdict v = ADAPTER_TAKEN;
	struct emlmail mail;

	for (size_t i = 0; i < run->batch->convc; i++) {

		bool more = emlmail_first(&mail, &run->eml->opt, run->batch,
					  &run->batch->convv[i]);

		for (; more; more = emlmail_next(&mail)) {

			v = run->smtp ? to_server(run, &mail) :
				to_file(run, &mail);
			if (v != ADAPTER_TAKEN)
				return v;
		}
	}

	return run->later ? ADAPTER_LATER : ADAPTER_TAKEN;
}


static enum adapter_verdict eml_deliver(void *state,
					const struct adapter_batch *batch,
					char *errbuf, size_t errsize)
{
	struct eml *eml = state;
	struct eml_run run = { .eml = eml, .batch = batch, .errbuf = errbuf,
			       .errsize = errsize };
	enum adapter_verdict v;
	int err = 0;

	*errbuf = '\0';
	if (eml->smtp.url)
		err = smtp_alloc(&run.smtp, &eml->smtp);

	v = err ? place_result(err, "mail", errbuf, errsize)
		: deliver_all(&run);
	mem_deref(run.smtp);

	return v;
}


const struct adapter adapter_eml = {
	.abi     = ADAPTER_ABI,
	.name    = "eml",
	.help    = "A mail per conversation, into files or by SMTP.",
	.keyv    = keyv,
	.keyc    = ARRAY_SIZE(keyv),
	.open    = eml_open,
	.deliver = eml_deliver,
	.close   = place_leave,
};
