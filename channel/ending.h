/**
 * @file channel/ending.h  Ended endpoints, told to the store in bunches
 *
 * What ended while the store is away is told when it is back.
 */
#pragma once

struct service;

/** @param bye  true: forget the endpoint; false: its rooms wait for it */
void ending_add(struct service *svc, int64_t endpoint_id, bool bye);

/** Endpoints that said BYE and whom the store still has; returns how many */
size_t ending_byes(const struct service *svc, int64_t *idv, size_t max);
