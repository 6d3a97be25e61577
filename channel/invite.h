/**
 * @file channel/invite.h  Makes invitations, behind what put people on lists
 *
 * Every process tries; the store lets one at a time.  Lists and groups may be
 * large, so the work is done in slices on the connection of background tasks.
 * sql/schema/0007_invitation.sql; protocol.md 6.7, product.md B.3.
 */
#pragma once

struct service;

void invite_start(struct service *svc);
void invite_stop(struct service *svc);
