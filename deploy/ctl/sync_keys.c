/**
 * @file deploy/ctl/sync_keys.c  The configuration keys of pchatctl sync ldap
 */
#include <re.h>
#include "deploy/ctl/sync.h"


const struct conf_key sync_keyv[] = {

	{ "source.name", CONF_STR, NULL, "ldap", 0, 0, 0, NULL,
	  "What this directory is called in the store.  Another directory has "
	  "another name and a file of its own; do not change it." },

	{ "ldap.uri", CONF_STR, NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "ldaps://HOST, ldap://HOST or ldapi://PATH; several with blanks "
	  "between are tried in turn.  A password is sent over ldap:// only "
	  "after StartTLS, or to this host." },
	{ "ldap.start_tls", CONF_BOOL, NULL, "no", 0, 0, 0, NULL,
	  "Whether ldap:// goes on over TLS; without it nothing is read." },
	{ "ldap.ca", CONF_FILE, NULL, NULL, 0, 0, 0, NULL,
	  "PEM file with the authorities that the server's certificate must "
	  "come from; without it those of the system." },
	{ "ldap.bind_dn", CONF_STR, NULL, NULL, 0, 0, 0, NULL,
	  "DN to bind as; without it nobody in particular." },
	{ "ldap.password_file", CONF_SECRET, NULL, NULL, 0, 0, 0, NULL,
	  "File with the password of ldap.bind_dn in its first line; readable "
	  "by its owner alone." },
	{ "ldap.timeout_s", CONF_UINT, "s", "60", 1, 3600, 0, NULL,
	  "How long the server may take for an answer.  Nothing is changed "
	  "unless all was read." },
	{ "ldap.page_size", CONF_UINT, NULL, "500", 1, 100000, 0, NULL,
	  "Entries asked for at a time (RFC 2696)." },
	{ "ldap.id", CONF_STR, NULL, "entryUUID", 0, 0, 0, NULL,
	  "Attribute that stays with an entry when it is renamed; objectGUID "
	  "in Active Directory." },

	{ "user.base", CONF_STR, NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "DN below which users are." },
	{ "user.filter", CONF_STR, NULL, "(objectClass=person)", 0, 0, 0, NULL,
	  "Which entries are users; those without user.uri never are." },
	{ "user.disabled_filter", CONF_STR, NULL, NULL, 0, 0, 0, NULL,
	  "Which of them are disabled.  In Active Directory "
	  "(userAccountControl:1.2.840.113556.1.4.803:=2)." },
	{ "user.uri", CONF_STR, NULL, "msRTCSIP-PrimaryUserAddress", 0, 0, 0,
	  NULL, "Attribute with the SIP URI, with or without sip:; mail is "
	  "another choice." },
	{ "user.display", CONF_STR, NULL, "displayName cn", 0, 0, 0, NULL,
	  "Attributes with the display name; the first that an entry has." },
	{ "user.email", CONF_STR, NULL, "mail", 0, 0, 0, NULL,
	  "Attribute with the mail address." },
	{ "user.uid", CONF_STR, NULL, "uid", 0, 0, 0, NULL,
	  "Attribute by which memberUid names users." },
	{ "user.policy", CONF_STR, NULL, NULL, 0, 0, 0, NULL,
	  "Policy that is granted to users when they are new; without it the "
	  "policies of pool, site and all decide." },

	{ "group.base", CONF_STR, NULL, NULL, 0, 0, 0, NULL,
	  "DN below which groups are; without it user.base." },
	{ "group.filter", CONF_STR, NULL,
	  "(|(objectClass=group)(objectClass=groupOfNames)"
	  "(objectClass=groupOfUniqueNames)(objectClass=posixGroup))",
	  0, 0, 0, NULL, "Which entries are groups." },
	{ "group.name", CONF_STR, NULL, "cn", 0, 0, 0, NULL,
	  "Attribute with a group's name.  Of two with one name the second is "
	  "known by its DN." },
	{ "group.member", CONF_STR, NULL, "member uniqueMember memberUid",
	  0, 0, 0, NULL, "Attributes with its members: DNs, or user.uid's." },

	{ "folder.base", CONF_STR, NULL, NULL, 0, 0, 0, NULL,
	  "DN below which folders (OUs) are; without it user.base." },
	{ "folder.filter", CONF_STR, NULL, "(objectClass=organizationalUnit)",
	  0, 0, 0, NULL,
	  "Which entries are folders.  A user is in the one that is directly "
	  "above, and in what that one is in." },

	{ "sync.removals_max_percent", CONF_UINT, "percent", "30", 0, 100, 0,
	  NULL, "When a run would take away more than this of the known "
	  "users, groups, folders or memberships (and more than ten), disable "
	  "more than this of the users, or empty a group that a category "
	  "denies, nothing is changed: a base, a filter or a permission may "
	  "be wrong.  All of them are always too many; 100: no limit." },
};

const size_t sync_keyc = ARRAY_SIZE(sync_keyv);
