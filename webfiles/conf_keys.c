/**
 * @file webfiles/conf_keys.c  The configuration keys of pchat-webfiles
 */
#include <re.h>
#include "common/storeconf.h"
#include "webfiles/conf_keys.h"

const struct conf_key web_keyv[] = {

	{ "instance.name", CONF_STR, NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "Name of this process, told in logs and to the store." },
	{ "store.conninfo", CONF_STR, NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "libpq connection string of the Persistent Chat Store." },
	{ "store.password_file", CONF_SECRET, NULL, NULL, 0, 0, 0, NULL,
	  "File with the password for store.conninfo in its first line, so that the "
	  "connection string need not hold it." },
	STORE_LIMIT_KEYS,
	{ "pool.domain", CONF_STR, NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "SIP domain in the URIs of rooms: that of the channel processes." },

	{ "http.listen", CONF_STR, NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "ADDRESS:PORT; port 0 picks a free one.  Without a certificate it "
	  "must be a loopback address: a proxy there does TLS." },
	{ "http.share_port", CONF_BOOL, NULL, "no", 0, 0, 0, NULL,
	  "Whether several processes of this user on this host, all with this "
	  "key, share the port: each connection goes to one of them." },
	{ "http.certificate", CONF_FILE, NULL, NULL, 0, 0, CONF_RELOAD, NULL,
	  "PEM file with our certificate and its chain; with it, HTTPS." },
	{ "http.key", CONF_SECRET, NULL, NULL, 0, 0, CONF_RELOAD, NULL,
	  "PEM file with the private key; readable by its owner alone." },
	{ "http.connections_max", CONF_UINT, NULL, "4000", 10, 100000, 0,
	  NULL, "Connections held open; more are closed at once." },
	{ "http.connections_per_address", CONF_UINT, NULL, "256", 0, 100000,
	  CONF_RELOAD, NULL, "The same from one address; 0: no limit.  A proxy "
	  "(auth.trusted_addresses, or on this host without a certificate of "
	  "ours) has none." },
	{ "http.connects_per_min", CONF_UINT, NULL, "1200", 0, 10000000,
	  CONF_RELOAD, NULL, "New connections from one address a minute, beyond "
	  "as many as it may hold open; more are closed at once.  0: no "
	  "limit." },
	{ "http.address_per_min", CONF_UINT, NULL, "12000", 0, 10000000,
	  CONF_RELOAD, NULL, "Requests from one address a minute; beyond it "
	  "429.  0: no limit." },
	{ "http.address_burst", CONF_UINT, NULL, "6000", 1, 10000000,
	  CONF_RELOAD, NULL, "Requests that an address may save up." },
	{ "http.user_per_min", CONF_UINT, NULL, "1200", 0, 10000000,
	  CONF_RELOAD, NULL, "Requests of one user a minute, by session; beyond "
	  "it 429.  0: no limit." },
	{ "http.user_burst", CONF_UINT, NULL, "1200", 1, 10000000, CONF_RELOAD,
	  NULL, "Requests that a user may save up." },
	{ "http.idle_s", CONF_UINT, "s", "30", 1, 3600, 0, NULL,
	  "A connection on which nothing moves for so long is closed." },
	{ "http.head_s", CONF_UINT, "s", "20", 1, 3600, 0, NULL,
	  "How long the head of a request may take, however steadily its "
	  "bytes come." },
	{ "http.rate_min_bytes", CONF_UINT, "bytes", "1024", 0, 1000000, 0,
	  NULL, "Bytes per second that the body of a request must bring on "
	  "average once it took longer than http.head_s." },
	{ "http.body_max_bytes", CONF_UINT, "bytes", "2097152", 1024,
	  67108864, 0, NULL, "Largest body of a request that is not a file." },

	{ "files.dir", CONF_STR, NULL, NULL, 0, 0, CONF_REQUIRED, NULL,
	  "Folder of the files, shared by all processes of the web service; "
	  "readable by its owner, and by a group that archives them." },
	{ "files.allowed", CONF_STR, NULL, "", 0, 0, 0, NULL,
	  "Extensions that may be uploaded, with blanks between; without any, "
	  "all but files.denied." },
	{ "files.denied", CONF_STR, NULL, "exe com bat cmd scr pif msi msp "
	  "vbs vbe js jse wsf wsh ps1 hta cpl jar lnk reg dll", 0, 0, 0, NULL,
	  "Extensions that may not." },
	{ "files.scanner", CONF_FILE, NULL, NULL, 0, 0, 0, NULL,
	  "A program that is given the path of every file before anybody can "
	  "take it; anything but exit status 0 refuses the file." },

	{ "files.remove_after_h", CONF_UINT, "hours", "24", 0, 87600,
	  CONF_RELOAD, NULL,
	  "A file that nobody can come by any more is removed after so long: "
	  "its message or its room is gone, its link was never posted, or its "
	  "room keeps no history.  Until then an archive may copy it." },
	{ "files.partial_s", CONF_UINT, "s", "3600", 1, 86400, CONF_RELOAD,
	  NULL, "What is left of an upload to which nothing came for so long "
	  "is removed." },
	{ "files.unfinished_max", CONF_UINT, NULL, "8", 1, 100000, CONF_RELOAD,
	  NULL, "Uploads in pieces that one user may have begun and not "
	  "finished.  They count against the room's quota as if they were "
	  "whole, until files.partial_s after their last piece." },
	{ "files.clean_s", CONF_UINT, "s", "300", 1, 86400, CONF_RELOAD, NULL,
	  "Files, old tokens and old sessions are looked for so often." },

	{ "session.idle_s", CONF_UINT, "s", "3600", 60, 2592000, CONF_RELOAD,
	  NULL, "A session that was not used for so long is over." },
	{ "session.age_s", CONF_UINT, "s", "43200", 60, 2592000, CONF_RELOAD,
	  NULL, "A session is over after so long, however much it is used." },
	{ "auth.method", CONF_ENUM, NULL, "password", 0, 0, 0,
	  "password ldap header",
	  "How people sign in at the pages: with a password of the store, "
	  "with one that a directory knows (ldap.*), or named by a proxy in a "
	  "header." },
	{ "auth.header", CONF_STR, NULL, "X-Remote-User", 0, 0, 0, NULL,
	  "With auth.method header, the header that names the user: an "
	  "address, or what stands before pool.domain in it.  The proxy must "
	  "remove it from what others send." },
	{ "auth.trusted_addresses", CONF_STR, NULL, "", 0, 0, 0, NULL,
	  "Addresses of proxies whose auth.header and X-Forwarded-For are "
	  "believed, with blanks between, ADDRESS or ADDRESS/BITS.  From all "
	  "others both are ignored." },
	{ "auth.failures_user", CONF_UINT, NULL, "5", 0, 1000, CONF_RELOAD,
	  NULL, "Sign-ins of one user that may fail before there is a wait, "
	  "which then doubles with each one.  Counted together with the "
	  "registrar's.  Where a user came in before, by address or browser, "
	  "only failures made there count." },
	{ "auth.failures_address", CONF_UINT, NULL, "30", 0, 100000,
	  CONF_RELOAD, NULL, "The same for all sign-ins from one address." },
	{ "auth.wait_max_s", CONF_UINT, "s", "300", 1, 86400, CONF_RELOAD,
	  NULL, "The longest such wait." },

	{ "ldap.uri", CONF_STR, NULL, NULL, 0, 0, 0, NULL,
	  "ldaps://HOST, ldap://HOST or ldapi://PATH; several with blanks "
	  "between are tried in turn.  Passwords are sent over ldap:// only "
	  "after StartTLS, or to this host." },
	{ "ldap.start_tls", CONF_BOOL, NULL, "no", 0, 0, 0, NULL,
	  "Whether ldap:// goes on over TLS; without it nobody signs in." },
	{ "ldap.ca", CONF_FILE, NULL, NULL, 0, 0, 0, NULL,
	  "PEM file with the authorities that the server's certificate must "
	  "come from; without it those of the system." },
	{ "ldap.timeout_s", CONF_UINT, "s", "5", 1, 60, 0, NULL,
	  "How long the server may take for each step of a sign-in." },
	{ "ldap.user_dn", CONF_STR, NULL, NULL, 0, 0, 0, NULL,
	  "DN of a user, where {user} stands for the part of the address "
	  "before the @ and {address} for all of it: "
	  "uid={user},ou=people,dc=example,dc=net." },
	{ "ldap.base", CONF_STR, NULL, NULL, 0, 0, 0, NULL,
	  "Instead of ldap.user_dn: DN below which users are searched for." },
	{ "ldap.filter", CONF_STR, NULL, "(mail={address})", 0, 0, 0, NULL,
	  "The search; exactly one entry must be found.  {user} without "
	  "{address} is for users of pool.domain only, here and in "
	  "ldap.user_dn." },
	{ "ldap.bind_dn", CONF_STR, NULL, NULL, 0, 0, 0, NULL,
	  "DN to search as; without it nobody in particular." },
	{ "ldap.password_file", CONF_SECRET, NULL, NULL, 0, 0, 0, NULL,
	  "File with the password of ldap.bind_dn in its first line; readable "
	  "by its owner alone." },
};

const size_t web_keyc = ARRAY_SIZE(web_keyv);
