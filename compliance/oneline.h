/**
 * @file compliance/oneline.h  Text of an adapter's as one line for operators
 */
#pragma once

/** Copy as much of @p text as fits: UTF-8 without control characters and line
 * breaks, each of which becomes a blank, as does what is no UTF-8 */
void oneline(char *buf, size_t size, const char *text);
