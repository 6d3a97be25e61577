/**
 * @file compliance/adapter/emlpart.c  Where a mail ends and the next begins
 *
 * That depends on the batch and its files and on nothing else, so that a mail
 * comes again as it was, under the same Message-ID.  Sizes are bounds from
 * above: encoding may take less.
 */
#include <sys/stat.h>
#include <unistd.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/adapter/emlmail.h"
#include "compliance/adapter/mime.h"


enum {
	MAIL_OVERHEAD = 4096,      /* headers and what is around texts      */
	MENTIONS = 3,              /* of a user: an event, To, a list       */
	EVENT_OVERHEAD = 400,      /* of its two lines, beside their texts  */
	USER_OVERHEAD = 100,
};


static uint64_t file_size(const struct adapter_event *ev)
{
	struct stat st;

	if (ev->kind != EV_FILEUPLOAD || !ev->path || stat(ev->path, &st))
		return 0;

	return (uint64_t)st.st_size;
}


bool emlmail_attaches(const struct eml_opt *opt,
		      const struct adapter_event *ev)
{
	return ev->kind == EV_FILEUPLOAD && ev->path &&
		!access(ev->path, R_OK) &&
		(!opt->attach_bytes || file_size(ev) <= opt->attach_bytes);
}


/* In both forms of the text */
static uint64_t user_cost(const struct adapter_user *user)
{
	if (!user)
		return 0;

	return USER_OVERHEAD + 2 * (mime_qp_cost(user->display) +
				    mime_qp_cost(user->uri) +
				    mime_qp_cost(user->email));
}


static uint64_t event_cost(const struct eml_opt *opt,
			   const struct adapter_event *ev)
{
	uint64_t n = EVENT_OVERHEAD + mime_qp_cost(ev->chat) +
		mime_qp_cost(ev->detail) + mime_qp_cost(ev->title) +
		MENTIONS * user_cost(ev->user);

	if (emlmail_attaches(opt, ev))
		n += EVENT_OVERHEAD + file_size(ev) * 79 / 57;

	return n;
}


static uint64_t head_cost(const struct adapter_conversation *conv)
{
	uint64_t n = MAIL_OVERHEAD;

	for (size_t i = 0; i < conv->startc; i++)
		n += MENTIONS * user_cost(conv->startv[i]);
	for (size_t i = 0; i < conv->endc; i++)
		n += MENTIONS * user_cost(conv->endv[i]);

	return n;
}


/* One event at least */
static size_t part_end(const struct eml_opt *opt,
		       const struct adapter_conversation *conv, size_t from)
{
	uint64_t n = head_cost(conv);
	size_t i;

	for (i = from; i < conv->eventc; i++) {
		n += event_cost(opt, &conv->eventv[i]);
		if (n > opt->mail_bytes && i > from)
			break;
	}

	return i;
}


bool emlmail_first(struct emlmail *mail, const struct eml_opt *opt,
		   const struct adapter_batch *batch,
		   const struct adapter_conversation *conv)
{
	*mail = (struct emlmail){ .opt = opt, .batch = batch, .conv = conv,
				  .part = 1 };
	if (!conv->eventc)
		return false;

	for (size_t i = 0; i < conv->eventc; mail->parts++)
		i = part_end(opt, conv, i);

	mail->to = part_end(opt, conv, 0);

	return true;
}


bool emlmail_next(struct emlmail *mail)
{
	if (mail->to >= mail->conv->eventc)
		return false;

	mail->from = mail->to;
	mail->to   = part_end(mail->opt, mail->conv, mail->from);
	mail->part++;

	return true;
}
