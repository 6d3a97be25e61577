/**
 * @file tests/support/epid.h  From with ;epid=, and a proof of it, out of
 * libre's sipsess
 */
#pragma once

struct mbuf;
struct sip_dialog;

/**
 * A From URI that carries an epid: it leaves as
 * From: <USER>;tag=...;epid=EPID
 *
 * @return 0, EOVERFLOW
 */
int  epid_from(char *buf, size_t size, const char *user, const char *epid);

/** In place of libre's function of that name, which it calls */
int  sip_dialog_encode(struct mbuf *mb, struct sip_dialog *dlg, uint32_t cseq,
		       const char *met);
