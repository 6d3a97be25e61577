/**
 * @file channel/retain.h  Removes messages that are past their retention
 *
 * Every process tries; the store lets one at a time, slice by slice, and
 * remembers how far the pool has come.  Nothing under a hold goes.
 */
#pragma once

struct service;

void retain_start(struct service *svc);
void retain_stop(struct service *svc);
