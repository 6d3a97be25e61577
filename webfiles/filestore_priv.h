/**
 * @file webfiles/filestore_priv.h  Shared by the folder and what is written
 */
#pragma once

struct filestore {
	char *dir;
	char *scanner;             /* a program, NULL: none                  */
	char *allowed, *denied;    /* extensions with blanks between         */
};

/** Where it waits for the store to have it.  ENAMETOOLONG */
int  file_path_aside(char path[FILE_PATH_MAX], const struct filestore *fs,
		     const struct file_key *key);
/** Where it is when it is in place.  ENAMETOOLONG */
int file_path(char path[FILE_PATH_MAX], const struct filestore *fs,
	      const struct file_key *key);
