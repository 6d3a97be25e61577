/**
 * @file channel/service.h  The channel service: all parts, opened and closed
 */
#pragma once

struct daemon_spec;

extern const struct daemon_spec channel_daemon;
