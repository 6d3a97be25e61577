/**
 * @file channel/index.h  Keeps the full-text index, behind the posts
 *
 * Every process tries; the store lets one at a time.  All rooms' counters are
 * compared with what is indexed, some thousand rooms at a time.
 */
#pragma once

struct service;

void index_start(struct service *svc);
void index_stop(struct service *svc);
