/**
 * @file channel/sweep.h  Open rooms compared with the store, in slices
 *
 * The bus may lose news; the store does not.  All open rooms are looked at
 * every few seconds, rooms just opened more often (the bus learns of a new
 * subscription a moment late), and rosters every minute or so.
 */
#pragma once

struct service;

void sweep_start(struct service *svc);
void sweep_stop(struct service *svc);
