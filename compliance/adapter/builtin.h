/**
 * @file compliance/adapter/builtin.h  The adapters that we ship
 */
#pragma once

extern const struct adapter adapter_null;
extern const struct adapter adapter_xml;
extern const struct adapter adapter_eml;
extern const struct adapter adapter_jsonl;
extern const struct adapter adapter_exec;
extern const struct adapter adapter_webhook;

/** By type; NULL: none of ours */
const struct adapter *adapter_builtin(const char *name);
/** All of them, for the manual; NULL past the last */
const struct adapter *adapter_builtin_nth(size_t n);
