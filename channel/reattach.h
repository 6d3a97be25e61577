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

void reattach(struct endpoint *ep);
/** An instance died: who came back before that was known gets its rooms */
void reattach_all(struct service *svc);
