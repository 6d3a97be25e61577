/**
 * @file tests/unit/compliance/test_verify.c  Manifests, and archives doctored
 *
 * An archive of four batches, each with one file of the adapter's, as the
 * host writes it; then somebody was at it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <re.h>
#include "compliance/adapter.h"
#include "compliance/manifest.h"
#include "compliance/outfile.h"
#include "compliance/verify.h"
#include "tests/unit/suite.h"

enum { BATCHES = 4, EVENTS = 5 };

static char dir[64];
static char keys[64];
static struct mbuf *said;              /* problems, a line each */
static struct verify_sum sum;


static const char *path_of(const char *fmt, unsigned n)
{
	static char buf[256];
	char name[128];

	(void)snprintf(name, sizeof(name), fmt, n);
	(void)snprintf(buf, sizeof(buf), "%s/%s", dir, name);

	return buf;
}


static void put(const char *path, const char *text)
{
	struct outfile *of = NULL;

	ck_assert_int_eq(outfile_open(&of, path), 0);
	outfile_puts(of, text);
	ck_assert_int_eq(outfile_commit(of), 0);
	mem_deref(of);
}


static void sh(const char *fmt, ...)
{
	char cmd[1024], all[1200];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);

	(void)snprintf(all, sizeof(all), "cd %s && %s", dir, cmd);
	ck_assert_int_eq(system(all), 0);
}


static void batch_fill(struct adapter_batch *batch,
		       struct adapter_conversation *conv,
		       struct adapter_event *evv, unsigned n)
{
	static const struct adapter_user alice = { .id = 7, .uri = "sip:a@b" };
	static const struct adapter_room room = {
		.guid = "11111111-2222-4333-8444-555555555555",
	};
	static char guidv[EVENTS][40];
	unsigned i;

	memset(evv, 0, EVENTS * sizeof(*evv));
	memset(conv, 0, sizeof(*conv));
	memset(batch, 0, sizeof(*batch));

	for (i = 0; i < EVENTS; i++) {
		(void)snprintf(guidv[i], sizeof(guidv[i]), "%08x-0000-4000-"
			       "8000-%012x", 0x01010101 * i, n);
		evv[i].id   = guidv[i];
		evv[i].kind = i ? EV_CHAT : EV_JOIN;
		evv[i].msg_id = i;
		evv[i].user = &alice;
		evv[i].session = i ? NULL : "17";
		evv[i].ts_us = 1000000 * (int64_t)n + i;
	}

	conv->room   = &room;
	conv->eventv = evv;
	conv->eventc = EVENTS;

	batch->id      = n;
	batch->from_us = 1000000 * (int64_t)n;
	batch->to_us   = 1000000 * (int64_t)(n + 1);
	batch->convv   = conv;
	batch->convc   = 1;
	batch->eventc  = EVENTS;
	batch->dir     = dir;
}


static void batch_write(unsigned n, unsigned serial, char *previous,
			const struct signkey *key)
{
	struct adapter_event evv[EVENTS];
	struct adapter_conversation conv;
	struct mbuf *mb = mbuf_alloc(1024);
	struct adapter_batch batch;
	struct manifest *m = NULL;

	batch_fill(&batch, &conv, evv, n);
	put(path_of("out-%012u.txt", n), "what was said\n");

	ck_assert_int_eq(manifest_alloc(&m, "out", "test"), 0);
	ck_assert_int_eq(manifest_count(m, &batch), 0);
	ck_assert_int_eq(manifest_add(m, dir, path_of("out-%012u.txt", n)), 0);
	ck_assert_int_eq(manifest_index(m, dir, &batch), 0);
	m->serial = serial;
	str_ncpy(m->previous, previous, sizeof(m->previous));
	ck_assert_int_eq(manifest_encode(m, mb), 0);
	ck_assert_int_eq(manifest_write(m, mb, dir, key), 0);
	ck_assert_int_eq(digest_mem(previous, mb->buf, mb->end), 0);

	mem_deref(m);
	mem_deref(mb);
}


static void archive(const struct signkey *key)
{
	char previous[DIGEST_HEXSIZE];
	unsigned n;

	str_ncpy(previous, manifest_none, sizeof(previous));
	for (n = 1; n <= BATCHES; n++)
		batch_write(n, n, previous, key);
}


static void said_handler(const char *problem, void *arg)
{
	(void)arg;
	(void)mbuf_printf(said, "%s\n", problem);
}


/* How many problems; what they are is in said */
static unsigned verify_with(const struct signkey *key)
{
	const struct verify_key one = { (struct signkey *)key, 1, UINT64_MAX };
	const struct verify_opt opt = {
		.keyv = &one, .keyc = key != NULL, .h = said_handler,
	};

	mbuf_rewind(said);
	ck_assert_int_eq(verify_dir(&sum, dir, &opt), 0);
	(void)mbuf_write_u8(said, 0);

	return (unsigned)sum.problems;
}


static unsigned verify(void)
{
	return verify_with(NULL);
}


static void ck_says(const char *what)
{
	ck_assert_msg(strstr((char *)said->buf, what) != NULL,
		      "not said: %s\nsaid:\n%s", what, (char *)said->buf);
}


static void setup(void)
{
	str_ncpy(dir, "/tmp/pchat-archive-XXXXXX", sizeof(dir));
	str_ncpy(keys, "/tmp/pchat-keys-XXXXXX", sizeof(keys));
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_ptr_nonnull(mkdtemp(keys));
	said = mbuf_alloc(1024);
	archive(NULL);
}


static void teardown(void)
{
	sh("rm -rf %s %s", dir, keys);
	mem_deref(said);
}


START_TEST(a_whole_archive_is_found_whole)
{
	ck_assert_uint_eq(verify(), 0);
	ck_assert_uint_eq(sum.manifests, BATCHES);
	ck_assert_uint_eq(sum.events, BATCHES * EVENTS);
	ck_assert_uint_eq(sum.files, 2 * BATCHES);
	ck_assert_uint_eq(sum.serial, BATCHES);
}
END_TEST


START_TEST(a_flipped_bit_in_a_file)
{
	sh("printf X | dd of=out-000000000002.txt bs=1 seek=3 conv=notrunc "
	   "2>/dev/null");
	ck_assert_uint_eq(verify(), 1);
	ck_says("out-000000000002.txt: changed");
}
END_TEST


static void flip(const char *path, long at)
{
	FILE *f = fopen(path, "r+");
	int c;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
	c = fgetc(f);
	ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
	(void)fputc(c ^ 1, f);
	(void)fclose(f);
}


START_TEST(a_flipped_bit_in_any_byte_of_a_manifest)
{
	const char *path = path_of("manifest-%012u.json", 2);
	char name[256];
	struct stat st;
	long i;

	str_ncpy(name, path, sizeof(name));
	ck_assert_int_eq(stat(name, &st), 0);

	for (i = 0; i < st.st_size; i++) {
		flip(name, i);
		ck_assert_uint_ge(verify(), 1);
		ck_says("manifest-00000000000");
		flip(name, i);
	}

	ck_assert_uint_eq(verify(), 0);
}
END_TEST


START_TEST(a_file_that_is_gone)
{
	sh("rm out-000000000003.txt");
	ck_assert_uint_eq(verify(), 1);
	ck_says("file out-000000000003.txt: missing");
}
END_TEST


START_TEST(a_file_cut_short)
{
	sh("truncate -s 4 out-000000000003.txt");
	ck_assert_uint_eq(verify(), 1);
	ck_says("out-000000000003.txt: changed: 4 bytes");
}
END_TEST


START_TEST(a_batch_that_is_gone_with_all_its_files)
{
	sh("rm *-000000000002.*");
	ck_assert_uint_ge(verify(), 1);
	ck_says("batch missing: no manifest 2");
	ck_says("batch 2 to 2 missing");
}
END_TEST


START_TEST(the_first_batch_gone)
{
	sh("rm *-000000000001.*");
	ck_assert_uint_ge(verify(), 1);
	ck_says("batch missing: no manifest 1");
}
END_TEST


START_TEST(a_batch_twice)
{
	sh("cp out-000000000002.txt out-000000000002-copy.txt");
	ck_assert_uint_eq(verify(), 1);
	ck_says("out-000000000002-copy.txt: in no manifest");

	sh("rm *copy* && cp manifest-000000000002.json "
	   "manifest-000000000002-2.json");
	ck_assert_uint_ge(verify(), 1);
	ck_says("batch 2 repeated");
}
END_TEST


START_TEST(two_batches_exchanged)
{
	sh("mv manifest-000000000002.json x && "
	   "mv manifest-000000000003.json manifest-000000000002.json && "
	   "mv x manifest-000000000003.json");
	ck_assert_uint_eq(verify(), 2);
	ck_says("manifest-000000000002.json: holds the manifest of batch 3");

	sh("mv out-000000000002.txt x && "
	   "sed s/was/is/ x > out-000000000002.txt; rm x");
	ck_assert_uint_ge(verify(), 3);
	ck_says("out-000000000002.txt: changed");
}
END_TEST


/* Whoever writes manifests himself, without the one before */
START_TEST(batches_delivered_out_of_order)
{
	char previous[DIGEST_HEXSIZE];

	sh("rm *");
	str_ncpy(previous, manifest_none, sizeof(previous));
	batch_write(1, 1, previous, NULL);
	batch_write(3, 2, previous, NULL);
	batch_write(2, 3, previous, NULL);
	ck_assert_uint_ge(verify(), 1);
	ck_says("batch 2: repeated or out of order");
}
END_TEST


START_TEST(an_event_dropped_doubled_or_moved_in_an_index)
{
	sh("sed -i 3d events-000000000002.idx");
	ck_assert_uint_ge(verify(), 2);
	ck_says("events-000000000002.idx: changed");
	ck_says("event 3 to 3 missing, between 01010101");

	sh("sed -i 4p events-000000000003.idx");
	ck_assert_uint_ge(verify(), 2);
	ck_says("event 4 (03030303-0000-4000-8000-000000000003) repeated");
}
END_TEST


START_TEST(the_last_events_of_an_index_dropped)
{
	sh("sed -i '$d' events-000000000004.idx");
	ck_assert_uint_ge(verify(), 2);
	ck_says("event 5 to 5 missing");
}
END_TEST


START_TEST(an_event_in_two_batches)
{
	sh("cp events-000000000001.idx events-000000000002.idx");
	ck_assert_uint_ge(verify(), EVENTS);
	ck_says("event 01010101-0000-4000-8000-000000000001 repeated: in "
		"batch 1 and in batch 2");
}
END_TEST


START_TEST(files_of_a_batch_under_way_are_no_problem)
{
	put(path_of("out-%012u.txt", BATCHES + 1), "more\n");
	sh("echo x > .out-000000000005.txt.tmp");
	ck_assert_uint_eq(verify(), 0);
	ck_assert_uint_eq(sum.pending, 2);

	put(path_of("readme%u", 1), "hello\n");
	ck_assert_uint_eq(verify(), 1);
	ck_says("readme1: in no manifest");
}
END_TEST


START_TEST(signatures_tell_who_wrote_it)
{
	struct signkey *key = NULL, *pub = NULL;
	char a[96], b[96];

	(void)snprintf(a, sizeof(a), "%s/key.pem", keys);
	(void)snprintf(b, sizeof(b), "%s/pub.pem", keys);
	sh("rm *; openssl genpkey -algorithm ed25519 -out %s 2>/dev/null; "
	   "openssl pkey -in %s -pubout -out %s", a, a, b);

	ck_assert_int_eq(chmod(a, 0644), 0);
	ck_assert_int_eq(signkey_load(&key, a, true), EPERM);
	ck_assert_int_eq(chmod(a, 0600), 0);
	ck_assert_int_eq(signkey_load(&key, a, true), 0);
	ck_assert_int_eq(signkey_load(&pub, b, false), 0);

	archive(key);
	ck_assert_uint_eq(verify_with(pub), 0);

	/* a good chain made by somebody else */
	sh("rm *");
	archive(NULL);
	ck_assert_uint_eq(verify(), 0);
	ck_assert_uint_eq(verify_with(pub), BATCHES);
	ck_says("manifest-000000000001.json: not signed");

	mem_deref(key);
	mem_deref(pub);
}
END_TEST


START_TEST(a_manifest_says_what_is_in_the_batch)
{
	char buf[8192] = "";
	FILE *f = fopen(path_of("manifest-%012u.json", 2), "r");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_gt(fread(buf, 1, sizeof(buf) - 1, f), 0);
	(void)fclose(f);

	ck_assert_ptr_nonnull(strstr(buf, "\"events\": 5"));
	ck_assert_ptr_nonnull(strstr(buf, "\"messages\": 4"));
	ck_assert_ptr_nonnull(strstr(buf, "\"participants\": 1"));
	ck_assert_ptr_nonnull(strstr(buf, "\"JOIN\": 1"));
	ck_assert_ptr_nonnull(strstr(buf, "\"from\": \"1970-01-01T00:00:02"));
	ck_assert_ptr_nonnull(strstr(buf, "\"out-000000000002.txt\""));
}
END_TEST


static Suite *verify_suite(void)
{
	Suite *suite = suite_create("compliance/verify");
	TCase *tc = tcase_create("verify");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_whole_archive_is_found_whole);
	tcase_add_test(tc, a_flipped_bit_in_a_file);
	tcase_add_test(tc, a_flipped_bit_in_any_byte_of_a_manifest);
	tcase_add_test(tc, a_file_that_is_gone);
	tcase_add_test(tc, a_file_cut_short);
	tcase_add_test(tc, a_batch_that_is_gone_with_all_its_files);
	tcase_add_test(tc, the_first_batch_gone);
	tcase_add_test(tc, a_batch_twice);
	tcase_add_test(tc, two_batches_exchanged);
	tcase_add_test(tc, batches_delivered_out_of_order);
	tcase_add_test(tc, an_event_dropped_doubled_or_moved_in_an_index);
	tcase_add_test(tc, the_last_events_of_an_index_dropped);
	tcase_add_test(tc, an_event_in_two_batches);
	tcase_add_test(tc, files_of_a_batch_under_way_are_no_problem);
	tcase_add_test(tc, signatures_tell_who_wrote_it);
	tcase_add_test(tc, a_manifest_says_what_is_in_the_batch);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(verify_suite)
