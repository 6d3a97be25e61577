/**
 * @file channel/signoff.h  A client is gone, in whatever way
 */
#pragma once

struct endpoint;
struct service;
struct user;

/**
 * The dialog is over: drop the commands that wait, leave all rooms.  While posts
 * are under way it is listed in service.leavel, and leaves the rooms after them
 *
 * @param bye  The client said so; else its rooms wait for its return
 */
void signoff(struct endpoint *ep, bool bye);
/** The posts of one in service.leavel are settled; frees it */
void signoff_settled(struct endpoint *ep);
/** Those in service.leavel that said BYE; at most max.  @return how many */
size_t signoff_byes(const struct service *svc, int64_t *idv, size_t max);

/** He may not be here any more: his endpoints are put out of their rooms, told
 *  so, and their dialogs end (protocol.md 2.9, 2.12) */
void signoff_user(struct user *user);
