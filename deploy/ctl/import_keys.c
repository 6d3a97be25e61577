/**
 * @file deploy/ctl/import_keys.c  All keys of the import file
 */
#include <re.h>
#include "deploy/ctl/import.h"


const char *const import_privacyv[] = { "open", "closed", "secret", NULL };
const char *const import_typev[]    = { "normal", "auditorium", NULL };
const char *const import_statev[]   = { "enabled", "disabled", "deleted",
					NULL };

static const struct import_key userv[] = {
	{ "uri",      true,  0, import_is_uri,      import_copy_uri      },
	{ "display",  false, 0, import_is_text,     import_copy_text     },
	{ "email",    false, 0, import_is_text,     import_copy_text     },
	{ "password", false, 0, import_is_password, import_copy_password },
	{ "enabled",  false, 0, import_is_bool,     import_copy_bool     },
	{ "policy",   false, 0, import_is_text,     import_copy_text     },
	{ "state",    false, 0, import_is_state,    import_copy_state    },
};

static const struct import_key groupv[] = {
	{ "name",    true,  0, import_is_name,  import_copy_text  },
	{ "members", false, 1, import_is_entry, import_copy_given },
};

static const struct import_key categoryv[] = {
	{ "name",        true,  0, import_is_name,  import_copy_text  },
	{ "description", false, 0, import_is_text,  import_copy_text  },
	{ "allowed",     false, 2, import_is_scope, import_copy_given },
	{ "denied",      false, 3, import_is_scope, import_copy_given },
	{ "creators",    false, 4, import_is_entry, import_copy_given },
	{ "invitations", false, 0, import_is_bool,  import_copy_bool  },
	{ "files",       false, 0, import_is_bool,  import_copy_bool  },
	{ "history",     false, 0, import_is_bool,  import_copy_bool  },
	{ "guid",        false, 0, import_is_guid,  import_copy_text  },
	{ "retention",   false, 0, import_is_days,  import_copy_days  },
};

/* Whether a room is new, and so needs a category, only the store knows. */
static const struct import_key roomv[] = {
	{ "name",        true,  0, import_is_name,    import_copy_text    },
	{ "category",    false, 0, import_is_name,    import_copy_text    },
	{ "description", false, 0, import_is_text,    import_copy_text    },
	{ "privacy",     false, 0, import_is_privacy, import_copy_privacy },
	{ "type",        false, 0, import_is_type,    import_copy_type    },
	{ "members",     false, 5, import_is_entry,   import_copy_given   },
	{ "managers",    false, 6, import_is_entry,   import_copy_given   },
	{ "presenters",  false, 7, import_is_entry,   import_copy_given   },
	{ "invitations", false, 0, import_is_invitations,
	  import_copy_invitations },
	{ "disabled",    false, 0, import_is_bool,    import_copy_bool    },
	{ "guid",        false, 0, import_is_guid,    import_copy_text    },
	{ "addin",       false, 0, import_is_text,    import_copy_text    },
	{ "retention",   false, 0, import_is_days,    import_copy_days    },
};

static const struct import_key addinv[] = {
	{ "name", true,  0, import_is_name, import_copy_text },
	{ "url",  true,  0, import_is_url,  import_copy_text },
	{ "guid", false, 0, import_is_guid, import_copy_text },
};

const struct import_kind import_kindv[IMPORT_KINDS] = {
	{ "users", "ctl_import_make_user", "ctl_import_copy_user",
	  userv, ARRAY_SIZE(userv) },
	{ "groups", "ctl_import_make_group", "ctl_import_copy_group",
	  groupv, ARRAY_SIZE(groupv) },
	{ "categories", "ctl_import_make_category", "ctl_import_copy_category",
	  categoryv, ARRAY_SIZE(categoryv) },
	{ "rooms", "ctl_import_make_room", "ctl_import_copy_room",
	  roomv, ARRAY_SIZE(roomv) },
	{ "addins", "ctl_import_make_addin", "ctl_import_copy_addin",
	  addinv, ARRAY_SIZE(addinv) },
};
