/**
 * @file channel/index.h  Keeps the full-text index, behind the posts
 *
 * All rooms' counters are compared with what is indexed, some thousand rooms
 * at a time.
 */
#pragma once

extern const struct step_job index_job;
