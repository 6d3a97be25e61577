/**
 * @file channel/sip/dialog.h  Dialogs: one per signed-in client
 *
 * A dialog is found by our tag, checked against Call-ID and the peer's tag.
 * It is pinned to the connection it last spoke on; its INFOs keep their order,
 * a window of them may be unanswered, the rest waits.  What it needs to send
 * is a head built once, in which CSeq and branch are patched, and a body
 * shared by everybody who gets it.  Loop thread only.
 */
#pragma once

struct dlg;
struct st;
struct info;

/**
 * The body of an INFO, built once for all who get it (Content-Type,
 * Content-Length and body in one block)
 *
 * @param infop  Set on success; mem_deref() it, dialogs keep references
 */
int  info_alloc(struct info **infop, const char *body, size_t len);

/**
 * Accept an INVITE: 200 with tag, Contact, Session-Expires, Record-Route and
 * SDP (protocol.md 2.4), sent again until ACK
 *
 * @param dlgp  Borrowed: the core holds the dialog until closed() returned or
 *              dlg_close() was called
 * @param arg   dlg_arg() of the dialog
 *
 * @return 0, ECONNRESET (the connection is gone), ECANCELED (CANCEL came),
 *         ENOMEM; st is answered in every case
 */
int  dlg_accept(struct dlg **dlgp, struct st *st, void *arg);

/** Queue an INFO; adds a reference to it */
void dlg_send(struct dlg *dlg, struct info *info);

/**
 * End the dialog of somebody who may not be here any more: closed() is called
 * later, later requests get 481.  Not with BYE: SIPE is deaf after one, while
 * a 481 makes it sign in again and learn that it may not (clients.md 9.4)
 */
void dlg_bar(struct dlg *dlg);
/** Forget the dialog: closed() is not called, later requests get 481 */
void dlg_close(struct dlg *dlg);
/** The same after saying BYE */
void dlg_bye(struct dlg *dlg);

void *dlg_arg(const struct dlg *dlg);
/** Our identity in it: the To URI of its INVITE, as written */
const char *dlg_self(const struct dlg *dlg);
/** INFOs that are queued or unanswered */
uint32_t dlg_backlog(const struct dlg *dlg);
