/**
 * @file webfiles/service.h  The web service: all parts, opened and closed
 */
#pragma once

struct daemon_spec;

extern const struct daemon_spec web_daemon;
