/**
 * @file tests/support/sanlog.h  Sanitizers' reports in the logs of a pool
 *
 * The processes of a pool outlive the script that starts them, so nobody sees
 * their exit status: what the checkers found stands in their logs.
 */
#pragma once

/** Print what reports there are below DIR/log; true: there are some */
bool sanlog_show(const char *dir);
