/**
 * @file channel/frame.h  Bus frames: what they begin with; numbers and texts in
 *                        network byte order
 */
#pragma once

#include <arpa/inet.h>
#include <endian.h>

enum { FRAME_VERSION = 1, FRAME_HEAD = 10 };

/** A frame begins with version, kind (a byte each) and instance */
enum frame_kind { FRAME_MESSAGES, FRAME_ENTER, FRAME_LEAVE };

#define FRAME_NONE 0xffffffffu    /* length of a text that is not there */


static inline int frame_put64(struct mbuf *mb, int64_t v)
{
	return mbuf_write_u64(mb, htobe64((uint64_t)v));
}


/** The caller has checked that eight bytes are left */
static inline int64_t frame_get64(struct mbuf *mb)
{
	return (int64_t)be64toh(mbuf_read_u64(mb));
}


static inline int frame_puttext(struct mbuf *mb, const struct pl *pl)
{
	int err = mbuf_write_u32(mb, htonl(pl->p ? (uint32_t)pl->l :
					   FRAME_NONE));

	if (!err && pl->p && pl->l)
		err = mbuf_write_mem(mb, (const uint8_t *)pl->p, pl->l);

	return err;
}


/** @p pl points into the frame.  EBADMSG: cut short */
static inline int frame_gettext(struct pl *pl, struct mbuf *mb)
{
	uint32_t len;

	pl->p = NULL;
	pl->l = 0;

	if (mbuf_get_left(mb) < 4)
		return EBADMSG;

	len = ntohl(mbuf_read_u32(mb));
	if (len == FRAME_NONE)
		return 0;
	if (len > mbuf_get_left(mb))
		return EBADMSG;

	pl->p = (const char *)mbuf_buf(mb);
	pl->l = len;
	mbuf_advance(mb, len);

	return 0;
}
