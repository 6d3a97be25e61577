/**
 * @file common/event.c  Kinds of compliance events
 */
#include <re.h>
#include "common/event.h"

static const struct {
	enum event_kind kind;
	const char *name;
} kindv[] = {
	{ EVENT_CHAT,         "CHAT"         },
	{ EVENT_BACKCHAT,     "BACKCHAT"     },
	{ EVENT_FILEDOWNLOAD, "FILEDOWNLOAD" },
	{ EVENT_FILEUPLOAD,   "FILEUPLOAD"   },
	{ EVENT_REPLACED,     "REPLACED"     },
	{ EVENT_PURGE,        "PURGE"        },
	{ EVENT_JOIN,         "JOIN"         },
	{ EVENT_PART,         "PART"         },
	{ EVENT_ROOM,         "ROOM"         },
	{ EVENT_ROLE,         "ROLE"         },
	{ EVENT_CATEGORY,     "CATEGORY"     },
	{ EVENT_POLICY,       "POLICY"       },
	{ EVENT_PRINCIPAL,    "PRINCIPAL"    },
	{ EVENT_ADMIN,        "ADMIN"        },
};


const char *event_kind_name(enum event_kind kind)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kindv); i++) {
		if (kindv[i].kind == kind)
			return kindv[i].name;
	}

	return NULL;
}
