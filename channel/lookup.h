/**
 * @file channel/lookup.h  A user by his URI, patiently
 *
 * While the store is away the question is asked again for a few seconds.
 */
#pragma once

struct service;
struct user;

struct lookup {
	struct user *user;       /* with ancestors; borrowed                 */
	bool allowed;            /* enabled, and by policy                   */
};

/** err: 0, ENOENT nobody of that URI, EBUSY the store did not answer,
 *  ECANCELED we are closing */
typedef void (lookup_h)(int err, const struct lookup *found, void *arg);

/** @return 0: h is called once, later; ENOMEM */
int  lookup_start(struct service *svc, const char *uri, lookup_h *h,
		  void *arg);
/** With db_main closed: what waits to ask again is told ECANCELED */
void lookup_cancel_all(struct service *svc);
