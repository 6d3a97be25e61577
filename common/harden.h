/**
 * @file common/harden.h  What a daemon gives up before it does anything
 */
#pragma once

/**
 * No core dumps (they hold what people said), no debugger or /proc access for
 * others of the same user, no more privileges through programs that it runs
 *
 * @param core_dumps  Leave the first two as they are
 *
 * @return 0 or errno
 */
int harden(bool core_dumps);
