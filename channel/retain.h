/**
 * @file channel/retain.h  Removes messages that are past their retention
 *
 * The store remembers how far the pool has come.  Nothing under a hold goes.
 */
#pragma once

extern const struct step_job retain_job;
