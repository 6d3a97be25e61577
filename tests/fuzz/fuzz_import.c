/**
 * @file tests/fuzz/fuzz_import.c  Import and export files
 *
 * As far as no store is needed.  What passes the checks has users whose URIs
 * are canonical and have what Digest needs; what does not is complained of.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <re.h>
#include "deploy/ctl/credential.h"
#include "deploy/ctl/import.h"
#include "tests/fuzz/fuzz.h"


static void user(const char *given)
{
	char once[IMPORT_URI_SIZE], twice[IMPORT_URI_SIZE];
	const char *key = import_entry_key(once, given);
	struct credential cred;

	fuzz_check(key == once);
	fuzz_check(!strcmp(import_entry_key(twice, once), once));
	credential_make(&cred, once, "secret");
	fuzz_check(cred.realm && strlen(cred.ha1) == CREDENTIAL_HEX - 1);
}


static void users(const json_t *root)
{
	const json_t *list = json_object_get(root, "users"), *v;
	size_t i;

	json_array_foreach(list, i, v)
		user(json_string_value(json_object_get(v, "uri")));
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import im = { .file = fuzz_path("import") };
	char *said = NULL;
	size_t saidl = 0;
	int err;

	fuzz_init();
	fuzz_file(im.file, data, size);
	im.err = open_memstream(&said, &saidl);
	fuzz_check(im.err != NULL);

	err = import_read(&im);
	if (!err)
		err = import_check(&im);
	fuzz_check(!fclose(im.err));
	fuzz_check(!err == !saidl && !err == !im.problems);
	if (!err)
		users(im.root);
	import_close(&im);
	free(said);

	return 0;
}
