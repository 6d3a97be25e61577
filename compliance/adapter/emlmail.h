/**
 * @file compliance/adapter/emlmail.h  One mail: a part of a conversation
 */
#pragma once

struct outfile;

/** What is the same for all mails of an adapter */
struct eml_opt {
	const struct adapter_host *host;
	char *from;              /* NULL: who speaks first                 */
	char *domain;            /* of Message-ID and of who has no address */
	char *msgtype;           /* X-GlobalRelay-MsgType                  */
	uint64_t mail_bytes;     /* a mail is closed before it is larger   */
	uint64_t attach_bytes;   /* a larger file is left out; 0: all      */
	uint64_t to_bytes;       /* of addresses in To; others in the text */
};

struct emlmail {
	const struct eml_opt *opt;
	const struct adapter_batch *batch;
	const struct adapter_conversation *conv;
	size_t from, to;         /* its events, to not included            */
	unsigned part, parts;    /* from 1                                 */

	/* While it is written: whose mail it is, each once, and how many of
	   them To names */
	const struct adapter_user **peoplev;
	size_t peoplec, named;
};

/** The first mail of a conversation, parts counted; false: it has no events */
bool emlmail_first(struct emlmail *mail, const struct eml_opt *opt,
		   const struct adapter_batch *batch,
		   const struct adapter_conversation *conv);
/** On to the next part; false: that was the last */
bool emlmail_next(struct emlmail *mail);

/** Is the event's file to be in its mail? */
bool emlmail_attaches(const struct eml_opt *opt,
		      const struct adapter_event *ev);
/**
 * The whole mail.  A file that cannot be read is left out; the text says so
 * and so does the log.
 *
 * @return 0, ENOMEM, EIO (half of a file was read)
 */
int  emlmail_write(struct outfile *of, struct emlmail *mail);

/** Its text, quoted-printable: as text, or as HTML */
void emltext_write(struct outfile *of, const struct emlmail *mail, bool html);
