/**
 * @file tests/scenario/tool.h  The operator's command on a pool
 */
#pragma once

struct pool;

/** Run pchatctl with these words, as a shell takes them; its exit status */
int tool_run(const struct pool *pool, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** Fails the test unless it did its work */
#define ck_tool(pool, ...) ck_assert_int_eq(tool_run(pool, __VA_ARGS__), 0)

/** Ask again for five seconds, for what takes effect in a moment */
#define ck_soon(condition)                                              \
	do {                                                            \
		const uint64_t soon_end = tmr_jiffies() + 5000;         \
		bool soon_done = false;                                 \
		while (!soon_done && tmr_jiffies() < soon_end)          \
			soon_done = (condition);                        \
		ck_assert_msg(soon_done, "%s", #condition);             \
	} while (0)
