/**
 * @file deploy/ctl/credential.h  What Digest needs of a password
 */
#pragma once

enum { CREDENTIAL_SIZE = 512, CREDENTIAL_HEX = 33, CREDENTIAL_HEX256 = 65 };

struct credential {
	char username[CREDENTIAL_SIZE];
	const char *realm;              /* within username's array         */
	char ha1[CREDENTIAL_HEX];
	char ha1b[CREDENTIAL_HEX];      /* of user@realm, which some clients
	                                   take for their name             */
	char sha256[CREDENTIAL_HEX256]; /* the same two by SHA-256         */
	char sha256b[CREDENTIAL_HEX256];
};

/** The user and host of canonical URI @p key; hashes are made only with a
 *  password */
void credential_make(struct credential *cred, const char *key,
		     const char *password);

/**
 * The first line of a file that nobody else may read
 *
 * @param textp  Set on success; mem_secclean() and mem_deref() it
 * @param err    Where it is said what is wrong
 *
 * @return 0, EPERM (others may read it), EBADMSG (empty), or errno of reading
 */
int secret_read(char **textp, const char *path, FILE *err);
