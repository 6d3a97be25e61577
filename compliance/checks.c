/**
 * @file compliance/checks.c  What pchat-compliance checks before it starts
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <re.h>
#include "common/check.h"
#include "common/conf.h"
#include "common/db/db.h"
#include "compliance/adapter_check.h"
#include "compliance/checks.h"


static void readable(struct check *ck, const char *key)
{
	const char *value = config_str(ck->conf, key);
	struct stat st;

	if (!str_isset(value))
		return;

	if (stat(value, &st) || access(value, R_OK | X_OK))
		check_wrong(ck, key, "cannot be read: %s", strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		check_wrong(ck, key, "is not a directory");
	if (!str_isset(config_str(ck->conf, "files.archive")))
		check_wrong(ck, key, "needs files.archive");
}


const struct check_row compliance_checkv[] = {
	{ "store.conninfo",   check_conninfo   },
	{ "staging.conninfo", check_conninfo   },
	{ "queue.listen",     check_bus        },
	{ "lease.period_ms",  check_lease      },
	{ "adapter",          adapter_check    },
	{ "files.store",      readable         },
	{ "files.archive",    check_folder     },
	{ "ctl.socket",       check_file_place },
};

const size_t compliance_checkc = ARRAY_SIZE(compliance_checkv);

const struct check_store compliance_storev[] = {
	{ "store.conninfo", &sql_store, "compliance" },
	{ "staging.conninfo", &sql_compliance, "compliance" },
	{ NULL, NULL, NULL },
};
