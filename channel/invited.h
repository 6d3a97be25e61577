/**
 * @file channel/invited.h  Invitations told: in a reply, and live
 *
 * When invitations are made the store names them to every process; those of
 * users who are signed in here are read and told, if notices.extended is on.
 * Spec: protocol.md 4.8, 5.3.
 */
#pragma once

struct db_res;
struct mbuf;
struct service;

/** Before the connection opens: what the store tells */
int  invited_listen(struct service *svc);

/** inv, from a row of the statement "invitations" */
int  invited_write(struct mbuf *mb, const char *domain,
		   const struct db_res *res, uint32_t row);
