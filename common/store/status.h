/**
 * @file common/store/status.h  What the functions of the schema answer
 *
 * Functions that check a rule and carry something out answer with "ok" or the
 * name of the errno that the refusal stands for; then nothing was changed.
 */
#pragma once

struct db_res;

/** The errno of that column; EINVAL for a name that we do not know, EBUSY
 *  without a row */
int  store_status(const struct db_res *res, uint32_t col);
