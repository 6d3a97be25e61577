/**
 * @file deploy/ctl/user.c  pchatctl user
 */
#include <re.h>
#include <string.h>
#include "common/db/bstore.h"
#include "common/kdf.h"
#include "deploy/ctl/tool.h"
#include "deploy/ctl/out.h"
#include "deploy/ctl/list.h"
#include "deploy/ctl/answer.h"
#include "deploy/ctl/credential.h"


static const struct out_col listv[] = {
	{ "uri",     "URI",     OUT_TEXT },
	{ "display", "DISPLAY", OUT_TEXT },
	{ "email",   "EMAIL",   OUT_TEXT },
	{ "enabled", "ENABLED", OUT_BOOL },
	{ "state",   "STATE",   OUT_TEXT },
};

static const struct out_col showv[] = {
	{ "uri",         "uri",         OUT_TEXT },
	{ "guid",        NULL,          OUT_TEXT },
	{ "display",     "display",     OUT_TEXT },
	{ "email",       "email",       OUT_TEXT },
	{ "state",       "state",       OUT_TEXT },
	{ "enabled",     "enabled",     OUT_BOOL },
	{ "policy",      "policy",      OUT_TEXT },
	{ "password",    "password",    OUT_BOOL },
	{ "directory",   "directory",   OUT_TEXT },
	{ "groups",      "groups",      OUT_JSON },
	{ "all_groups",  "all groups",  OUT_JSON },
	{ "endpoints",   "endpoints",   OUT_INT  },
};


static int list(struct tool *tool)
{
	return list_run(tool, "ctl_user_list", listv, ARRAY_SIZE(listv));
}


static int show(struct tool *tool)
{
	char key[ANSWER_KEY_SIZE];

	if (!answer_user(tool, key, tool->argv[0]))
		return TOOL_FAILED;

	return list_show(tool, "ctl_user_show", "user", key, showv,
			 ARRAY_SIZE(showv));
}


static int create(struct tool *tool)
{
	char key[ANSWER_KEY_SIZE];
	const char *argv[6];

	if (!answer_user(tool, key, tool->argv[0]))
		return TOOL_FAILED;

	argv[0] = key;
	argv[1] = strrchr(key, '@') + 1;
	argv[2] = tool_opt(tool, "display");
	argv[3] = tool_opt(tool, "email");
	argv[4] = tool_opt(tool, "policy");
	argv[5] = tool_opt(tool, "same-person") ? "t" : "f";

	return answer_change(tool, "ctl_user_create", argv, 6, key,
			     "created");
}


static int set_password(struct tool *tool, const char *key)
{
	const bool no_md5 = tool_opt(tool, "no-md5") != NULL;
	char kdf[KDF_TEXT_MAX];
	struct credential cred;
	const char *argv[8];
	char *password;
	int err;

	if (secret_read(&password, tool_opt(tool, "password-file"),
			tool->err))
		return TOOL_FAILED;

	credential_make(&cred, key, password);
	err = kdf_hash(kdf, sizeof(kdf), password);
	explicit_bzero(password, strlen(password));
	mem_deref(password);
	if (err) {
		(void)fprintf(tool->err, "pchatctl: %s: %s\n", key,
			      strerror(err));
		return TOOL_FAILED;
	}

	argv[0] = key;
	argv[1] = cred.username;
	argv[2] = cred.realm;
	argv[3] = no_md5 ? NULL : cred.ha1;
	argv[4] = no_md5 ? NULL : cred.ha1b;
	argv[5] = kdf;
	argv[6] = cred.sha256;
	argv[7] = cred.sha256b;

	return answer_change(tool, "ctl_user_credential", argv, 8, key,
			     "password set");
}


/* The number of a state, as text; NULL, and said so: there is none such */
static const char *state_number(const struct tool *tool, const char *word)
{
	if (!strcmp(word, "enabled"))
		return "0";
	if (!strcmp(word, "disabled"))
		return "1";

	(void)tool_usage(tool, "enabled or disabled", "state");

	return NULL;
}


static int set(struct tool *tool)
{
	const char *state = tool_opt(tool, "state");
	const bool password = tool_opt(tool, "password-file") != NULL;
	char key[ANSWER_KEY_SIZE];
	const char *argv[4];

	if (!answer_user(tool, key, tool->argv[0]))
		return TOOL_FAILED;

	argv[0] = key;
	argv[1] = tool_opt(tool, "display");
	argv[2] = tool_opt(tool, "email");
	argv[3] = state ? state_number(tool, state) : NULL;
	if (state && !argv[3])
		return TOOL_USAGE;
	if (!argv[1] && !argv[2] && !argv[3])
		return password ? set_password(tool, key) :
			tool_usage(tool, "set what?", key);
	if (password)
		return tool_usage(tool, "give it alone", "--password-file");

	return answer_change(tool, "ctl_user_set", argv, 4, key, "set");
}


static int remove_user(struct tool *tool)
{
	char key[ANSWER_KEY_SIZE];
	const char *argv[1] = { key };

	if (!answer_user(tool, key, tool->argv[0]))
		return TOOL_FAILED;

	return answer_change(tool, "ctl_user_remove", argv, 1, key,
			     "removed");
}


static const struct tool_opt createv[] = {
	{ "display", "TEXT",    "display name" },
	{ "email",   "ADDRESS", "mail address" },
	{ "policy",  "NAME",    "policy to grant to the user" },
	{ "same-person", NULL,
	  "bring back the removed user of this URI, with lists, invitations and "
	  "messages; default: a new person without any" },
	{ NULL, NULL, NULL },
};

static const struct tool_opt setv[] = {
	{ "display", "TEXT",    "display name" },
	{ "email",   "ADDRESS", "mail address" },
	{ "state",   "STATE",   "enabled or disabled" },
	{ "password-file", "FILE",
	  "password for the registrar and the pages: first line of a file of "
	  "mode 0600" },
	{ "no-md5", NULL,
	  "with a password: keep no MD5 hash (SIPE and others need it)" },
	{ NULL, NULL, NULL },
};

static const struct tool_cmd cmdv[] = {
	{ "user", "list", NULL, TOOL_STORE, list,
	  "list users", NULL },
	{ "user", "show", "URI", TOOL_STORE, show,
	  "show a user with policy and groups", NULL },
	{ "user", "create", "URI", TOOL_STORE | TOOL_DRY, create,
	  "create a user", createv },
	{ "user", "set", "URI", TOOL_STORE | TOOL_DRY, set,
	  "change a user; it takes effect at once", setv },
	{ "user", "remove", "URI", TOOL_STORE | TOOL_DRY, remove_user,
	  "end all access of a user; lists and messages keep the name", NULL },
};


static void __attribute__((constructor)) init(void)
{
	tool_register(cmdv, ARRAY_SIZE(cmdv));
}
