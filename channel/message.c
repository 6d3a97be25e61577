/**
 * @file channel/message.c  Copies of a message, for memory and for the bus
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/db/db.h"
#include "channel/message.h"
#include "channel/frame.h"


static void destructor(void *data)
{
	struct message *msg = data;

	list_unlink(&msg->le);
}


static char *append(char *p, struct pl *to, const struct pl *from)
{
	if (!from->p)
		return p;

	memcpy(p, from->p, from->l);
	p[from->l] = '\0';
	to->p = p;
	to->l = from->l;

	return p + from->l + 1;
}


int message_dup(struct message **msgp, const struct message *from)
{
	const size_t texts = from->author.l + from->display.l + from->chat.l +
			     from->rtf.l + 4;
	struct message *msg = mem_alloc(sizeof(*msg) + texts, destructor);
	char *p;

	if (!msg)
		return ENOMEM;

	*msg = *from;
	memset(&msg->le, 0, sizeof(msg->le));

	p = append(msg->data, &msg->author, &from->author);
	p = append(p, &msg->display, &from->display);
	p = append(p, &msg->chat, &from->chat);
	(void)append(p, &msg->rtf, &from->rtf);

	*msgp = msg;

	return 0;
}


void message_read(struct message *msg, const struct db_res *res, uint32_t row)
{
	memset(msg, 0, sizeof(*msg));

	msg->id = db_get_int(res, row, 0);
	msg->ts_us = db_get_time(res, row, 1);
	msg->flags = (uint16_t)db_get_int(res, row, 2);
	msg->author_id = db_get_int(res, row, 3);
	msg->author = db_get_text(res, row, 4);
	msg->display = db_get_text(res, row, 5);
	msg->chat = db_get_text(res, row, 6);
	msg->rtf = db_get_text(res, row, 7);
}


int message_encode(struct mbuf *mb, const struct message *msg)
{
	int err;

	err = frame_put64(mb, msg->id);
	if (!err)
		err = frame_put64(mb, msg->ts_us);
	if (!err)
		err = frame_put64(mb, msg->author_id);
	if (!err)
		err = mbuf_write_u16(mb, htons(msg->flags));
	if (!err)
		err = frame_puttext(mb, &msg->author);
	if (!err)
		err = frame_puttext(mb, &msg->display);
	if (!err)
		err = frame_puttext(mb, &msg->chat);
	if (!err)
		err = frame_puttext(mb, &msg->rtf);

	return err;
}


int message_decode(struct message *msg, struct mbuf *mb)
{
	memset(msg, 0, sizeof(*msg));

	if (mbuf_get_left(mb) < 26)
		return EBADMSG;

	msg->id = frame_get64(mb);
	msg->ts_us = frame_get64(mb);
	msg->author_id = frame_get64(mb);
	msg->flags = ntohs(mbuf_read_u16(mb));

	if (frame_gettext(&msg->author, mb) ||
	    frame_gettext(&msg->display, mb) ||
	    frame_gettext(&msg->chat, mb) ||
	    frame_gettext(&msg->rtf, mb))
		return EBADMSG;

	return 0;
}
