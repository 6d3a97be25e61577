/**
 * @file common/store/status.c  What the functions of the schema answer
 */
#include <errno.h>
#include <re.h>
#include "common/db/db.h"
#include "common/store/status.h"

static const struct status {
	const char *name;
	int err;
} statusv[] = {
	{ "ok",          0           },
	{ "EACCES",      EACCES      },
	{ "EAGAIN",      EAGAIN      },
	{ "EDOM",        EDOM        },
	{ "EDQUOT",      EDQUOT      },
	{ "EEXIST",      EEXIST      },
	{ "EINVAL",      EINVAL      },
	{ "EKEYEXPIRED", EKEYEXPIRED },
	{ "EMSGSIZE",    EMSGSIZE    },
	{ "ENOENT",      ENOENT      },
	{ "ENOTDIR",     ENOTDIR     },
	{ "ENOTEMPTY",   ENOTEMPTY   },
	{ "EPERM",       EPERM       },
	{ "EROFS",       EROFS       },
	{ "ESRCH",       ESRCH       },
	{ "ESTALE",      ESTALE      },
	{ "EUSERS",      EUSERS      },
	{ "EXDEV",       EXDEV       },
};


int store_status(const struct db_res *res, uint32_t col)
{
	struct pl pl;
	size_t i;

	if (!db_rows(res))
		return EBUSY;

	pl = db_get_text(res, 0, col);
	for (i = 0; i < ARRAY_SIZE(statusv); i++) {
		if (!pl_strcmp(&pl, statusv[i].name))
			return statusv[i].err;
	}

	return EINVAL;
}
