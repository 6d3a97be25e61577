/**
 * @file channel/invite.h  Makes invitations, behind what put people on lists
 *
 * Lists and groups may be large, so the work is done in slices.
 * sql/schema/0007_invitation.sql; protocol.md 6.7, product.md B.3.
 */
#pragma once

extern const struct step_job invite_job;
