/**
 * @file common/notify.h  What the supervisor (systemd) is told
 */
#pragma once

/** Sends @p state ("READY=1") to $NOTIFY_SOCKET; nothing if there is none */
void notify_supervisor(const char *state);
