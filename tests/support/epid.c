/**
 * @file tests/support/epid.c  From with ;epid=, and a proof of it, out of
 * libre's sipsess
 *
 * sipsess writes From as <URI>;tag=... and takes no further parameters.  The
 * epid therefore travels inside the URI, and the function with which libre
 * writes the dialog's headers is wrapped to put it where it belongs.
 */
#include <dlfcn.h>
#include <string.h>
#include <re.h>
#include "tests/support/epid.h"


typedef int (encode_h)(struct mbuf *mb, struct sip_dialog *dlg,
		       uint32_t cseq, const char *met);


int epid_from(char *buf, size_t size, const char *user, const char *epid)
{
	return re_snprintf(buf, size, "%s%s%s", user, epid ? ";epid=" : "",
			   epid ? epid : "") < 0 ? EOVERFLOW : 0;
}


/* "<sip:a@b;epid=E>;tag=T" to "<sip:a@b>;tag=T;epid=E" */
static void move_epid(struct mbuf *mb, size_t start)
{
	char *from, *epid, *end, *eol, value[64];
	size_t len;

	from = memmem(mb->buf + start, mb->pos - start, "From: ", 6);
	eol  = from ? memchr(from, '\r', (size_t)((char *)mb->buf + mb->pos -
						  from)) : NULL;
	epid = eol ? memmem(from, (size_t)(eol - from), ";epid=", 6) : NULL;
	end  = epid ? memchr(epid, '>', (size_t)(eol - epid)) : NULL;
	if (!end)
		return;

	len = (size_t)(end - epid);
	if (len > sizeof(value))
		return;

	memcpy(value, epid, len);
	memmove(epid, end, (size_t)(eol - end));
	memcpy(eol - len, value, len);
}


/* What a registrar would put in: the user is who From says */
static int assert_identity(struct mbuf *mb, size_t start)
{
	const struct pl head = { (char *)mb->buf + start, mb->pos - start };
	char *text = NULL;
	struct pl uri;
	int err;

	if (re_regex(head.p, head.l, "From: [^<]*<[^>;]+", NULL, &uri))
		return 0;

	err = pl_strdup(&text, &uri);
	if (!err)
		err = mbuf_printf(mb, "P-Asserted-Identity: <%s>\r\n", text);
	mem_deref(text);

	return err;
}


int sip_dialog_encode(struct mbuf *mb, struct sip_dialog *dlg, uint32_t cseq,
		      const char *met)
{
	static encode_h *real;
	const size_t start = mb->pos;
	int err;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "sip_dialog_encode");

	err = real(mb, dlg, cseq, met);
	if (err)
		return err;

	move_epid(mb, start);

	return assert_identity(mb, start);
}
