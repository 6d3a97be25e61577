/**
 * @file common/kdf.h  Passwords, hashed so that guessing stays expensive
 *
 * scrypt, as text "scrypt$LOG2N$R$P$SALT$HASH" with base64.  One hash takes
 * some 0.1 s and 32 MiB: not for the loop.  Any thread.
 */
#pragma once

enum { KDF_TEXT_MAX = 128, KDF_PASSWORD_MAX = 1024 };

/** @return 0, EOVERFLOW (no room, or a password beyond KDF_PASSWORD_MAX),
 *          ENOMEM */
int  kdf_hash(char *text, size_t size, const char *password);

/**
 * Is it this password?  NULL for @p text takes as long and says no
 *
 * @return 0, EACCES, EINVAL (not a text of ours), ENOMEM
 */
int  kdf_check(const char *text, const char *password);
