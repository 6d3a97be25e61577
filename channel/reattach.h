/**
 * @file channel/reattach.h  Clients that come back without joining
 *
 * SIPE, told that its dialog is gone, signs in again but believes it is still
 * in its rooms.  So: when an endpoint asks for its invitations without having
 * joined anything, it is put into the rooms of that user's other dialogs with
 * the same epid - those whose dialog was lost, and those of an instance that
 * is about to be found dead.  Rights are checked as for any join.
 * Spec: protocol.md 2.9, design.md section 4.
 */
#pragma once

struct endpoint;
struct service;

typedef void (reattach_h)(void *arg);

/** @param h  Called once, later, when the endpoint is where it can be; not at
 *            all when an error is returned (ENODATA: nothing to look for) */
int  reattach(struct endpoint *ep, reattach_h *h, void *arg);
/** Those whose way back failed because the store was away; once a second */
void reattach_again(struct service *svc);
/** An instance died: who came back before that was known gets its rooms */
void reattach_all(struct service *svc);
