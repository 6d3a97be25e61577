/**
 * @file channel/cmd/told.h  Compliance learns what a user reads, before he does
 *
 * The reads' statements say in a column of their own whether compliance is on;
 * without a row to say it in, the store is asked.
 */
#pragma once

struct bcq;
struct cmd;

/** What a reply holds: ids, each with its room's place, from 1 */
struct told {
	const uint8_t (*roomv)[16];
	uint32_t roomc;
	const int32_t *placev;
	const int64_t *idv;
	uint32_t idc;
};

/** Must compliance be told?  @p col: the column that says it */
bool told_wanted(const struct db_res *res, uint32_t col);

/**
 * Tell it, and send the reply that is in cmd->mb once that is stored; a read
 * that cannot be told of is refused
 *
 * @param q  What was asked
 *
 * @return 0, or errno as of db_exec(): then nothing will be sent
 */
int  told_reply(struct cmd *cmd, const struct told *told,
		const struct bcq *q);
