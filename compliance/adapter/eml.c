/**
 * @file compliance/adapter/eml.c  A mail per conversation, to files or by SMTP
 *
 * Mails that were taken are not sent again by the same process when a later
 * one fails; otherwise the receiver knows them by their Message-ID.
 */
#include <errno.h>
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
	uint64_t batch;            /* whose first mails were taken        */
	size_t taken;
};

/* Through a batch, mail by mail */
struct eml_run {
	struct eml *eml;
	const struct adapter_batch *batch;
	struct smtp *smtp;         /* NULL: to files                      */
	size_t nr;                 /* mails so far                        */
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


static int to_file(const struct eml_run *run, struct emlmail *mail)
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


/* By way of a file without a name: its size is said first */
static int to_server(const struct eml_run *run, struct emlmail *mail)
{
	struct outfile *of = NULL;
	int fd = -1, err;

	err = outfile_temp(&of, run->eml->tmp_dir);
	if (!err)
		err = emlmail_write(of, mail);
	if (!err)
		err = outfile_rewind(of, &fd);

	if (err)
		err = place_result(err, "writing mail", run->errbuf,
				   run->errsize);
	else
		err = smtp_send(run->smtp, fd, outfile_size(of), run->errbuf,
				run->errsize);

	mem_deref(of);

	return err;
}


static int deliver_mail(struct eml_run *run, struct emlmail *mail)
{
	int err;

	if (!run->smtp)
		return to_file(run, mail);

	if (run->nr++ < run->eml->taken)
		return 0;

	err = to_server(run, mail);
	if (!err)
		run->eml->taken = run->nr;

	return err;
}


static int deliver_all(struct eml_run *run)
{
	struct emlmail mail;
	int err = 0;

	for (size_t i = 0; i < run->batch->convc && !err; i++) {

		bool more = emlmail_first(&mail, &run->eml->opt, run->batch,
					  &run->batch->convv[i]);

		while (more && !err) {
			err = deliver_mail(run, &mail);
			more = emlmail_next(&mail);
		}
	}

	return err;
}


static int eml_deliver(void *state, const struct adapter_batch *batch,
		       char *errbuf, size_t errsize)
{
	struct eml *eml = state;
	struct eml_run run = { .eml = eml, .batch = batch, .errbuf = errbuf,
			       .errsize = errsize };
	int err = 0;

	if (eml->batch != batch->id)
		eml->taken = 0;
	eml->batch = batch->id;

	if (eml->smtp.url)
		err = smtp_alloc(&run.smtp, &eml->smtp);

	err = err ? place_result(err, "mail", errbuf, errsize)
		: deliver_all(&run);

	/* Taken or refused: when it comes again it is on purpose */
	if (err != EAGAIN)
		eml->taken = 0;

	mem_deref(run.smtp);

	return err;
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
