/**
 * @file compliance/service.h  The compliance daemon: opened and closed
 */
#pragma once

struct daemon_spec;

extern const struct daemon_spec compliance_daemon;
