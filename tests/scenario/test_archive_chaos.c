/**
 * @file tests/scenario/test_archive_chaos.c  An archive misses nothing
 *
 * A pool of two with two compliance daemons and three adapters is used and
 * wrecked at the same time.  In the end every archive has what the store has,
 * and who changes one is found out.
 *
 * PCHAT_CHAOS_S seconds of it (make chaos S=600); PCHAT_CHAOS_SEED as printed
 * repeats the order of troubles, though not what falls between them.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/scenario/archive.h"
#include "tests/scenario/chaos.h"
#include "tests/scenario/scene.h"
#include "tests/support/proc.h"
#include "tests/unit/suite.h"


enum { SHORT_S = 20, MEND_S = 240 };

static const char data[] =
	"{\"users\":[" USER("u0") "," USER("u1") "," USER("u2") "," USER("u3")
	"," USER("u4") "," USER("u5") "," USER("u6") "," USER("u7") "],"
	"\"categories\":[" MAIN "],\"rooms\":[" ROOM("r0") "," ROOM("r1") ","
	ROOM("r2") "]}";

static const struct {
	const char *name;
	bool xml, manifests;
} archivev[] = {
	{ "xml",   true,  true },
	{ "jsonl", false, true },
	{ "exec",  false, false },
};

static struct pool *pool;
static char dir[64], disk[80];
static bool disk_fills;


static unsigned setting(const char *name, unsigned otherwise)
{
	const char *v = getenv(name);

	return v && atoi(v) > 0 ? (unsigned)atoi(v) : otherwise;
}


/* A file system of its own, which nobody but we and our children see */
static void disk_make(void)
{
	(void)re_snprintf(disk, sizeof(disk), "%s/disk", dir);
	ck_assert_int_eq(mkdir(disk, 0700), 0);

	disk_fills = !unshare(CLONE_NEWNS) &&
		!mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) &&
		!mount("tmpfs", disk, "tmpfs", 0, "mode=700,size=1g");
	if (!disk_fills)
		(void)re_fprintf(stderr, "chaos: may not mount: the archives'"
				 " disk is not filled\n");
}


/* The trailer is there: none of it is missing */
static void exec_make(void)
{
	char more[128];

	ck_assert_int_eq(archive_sh(
		"cat >%s/take <<'END'\n#!/bin/sh\n[ -e %s/broken ] && exit 75\n"
		"t=%s/exec/.$$\ncat >$t || exit 75\n"
		"tail -n 1 $t | grep -q trailer || exit 75\n"
		"mv $t %s/exec/$(printf %%012d $PCHAT_BATCH).jsonl\nEND\n"
		"chmod 700 %s/take", dir, dir, disk, disk, dir), 0);
	(void)re_snprintf(more, sizeof(more), "command\t%s/take\n", dir);
	archive_adapter(dir, disk, "exec", more);
	/* its manifests are in the store only */
	ck_assert_int_eq(archive_sh("sed -i /adapter.directory/d %s/exec.conf",
				    dir), 0);
}


static void up(void)
{
	char xml[128], jsonl[128], exec[128];
	const char *setv[] = {
		xml, jsonl, exec, "compliance.lease.lapse_ms=1500",
		"compliance.lease.period_ms=300",
		"compliance.run.settle_ms=300",
		"compliance.run.events_max=60", "session.reattach_s=2", NULL,
	};
	const struct pool_opts opts = {
		.instances = 2, .compliance = 2, .data = data, .setv = setv,
	};

	str_ncpy(dir, "/tmp/pchat-chaos-XXXXXX", sizeof(dir));
	ck_assert_ptr_nonnull(mkdtemp(dir));
	disk_make();
	archive_adapter(dir, disk, "xml", "");
	archive_adapter(dir, disk, "jsonl", "");
	exec_make();

	(void)re_snprintf(xml, sizeof(xml), "compliance.adapter=%s/xml.conf",
			  dir);
	(void)re_snprintf(jsonl, sizeof(jsonl),
			  "compliance.adapter=%s/jsonl.conf", dir);
	(void)re_snprintf(exec, sizeof(exec),
			  "compliance.adapter=%s/exec.conf", dir);
	ck_assert_int_eq(pool_up(&pool, &opts), 0);
}


static void down(void)
{
	pool_down(pool);
	pool = NULL;
	if (disk_fills)
		(void)umount2(disk, MNT_DETACH);
	proc_rmtree(dir);
}


/* ------------------------------------------------------------- the books */

/* Each text answered 200 is in the store, none is there twice */
static void ck_stored(const char *store)
{
	const size_t n = chaos_posts();
	unsigned char *timesv = calloc(n + 1, 1);
	const char *p = store;
	size_t i;

	while ((p = strstr(p, " t"))) {
		i = strtoul(p += 2, NULL, 10);
		ck_assert_uint_lt(i, n);
		++timesv[i];
	}

	for (i = 0; i < n; i++) {
		ck_assert_msg(timesv[i] <= 1, "t%zu is stored twice", i);
		ck_assert_msg(timesv[i] || !chaos_post_ok(i),
			      "t%zu was answered 200 and is not stored", i);
	}
	free(timesv);
}


static size_t same(const char *a, const char *b)
{
	size_t i;

	for (i = 0; a[i] && a[i] == b[i]; i++)
		;
	while (i && a[i - 1] != '\n')
		--i;

	return i;
}


static void ck_equal(const char *name, const char *archive,
		     const char *store)
{
	const size_t at = same(archive, store);
	const char *a = archive + at, *s = store + at;

	ck_assert_msg(!strcmp(archive, store), "%s has \"%.*s\", the store "
		      "\"%.*s\"", name, (int)strcspn(a, "\n"), a,
		      (int)strcspn(s, "\n"), s);
}


static void ck_archives(void)
{
	char *store = said_store(pool);
	char path[128];
	size_t i;

	ck_assert_ptr_nonnull(store);
	ck_stored(store);

	for (i = 0; i < ARRAY_SIZE(archivev); i++) {
		char *archive;

		(void)re_snprintf(path, sizeof(path), "%s/%s", disk,
				  archivev[i].name);
		archive = said_archive(path, archivev[i].xml);
		ck_equal(archivev[i].name, archive, store);
		mem_deref(archive);

		if (archivev[i].xml)
			ck_assert_uint_eq(said_invalid(path), 0);
		if (archivev[i].manifests)
			ck_assert_int_eq(archive_ctl(pool, "archive verify %s",
						     path), 0);
		if (archivev[i].manifests)
			ck_assert_int_eq(archive_ctl(pool, "compliance check "
						     "--archive %s", path), 0);
	}
	mem_deref(store);
}


static void ck_balance(void)
{
	ck_assert_int_eq(archive_sh(
		"test $(cat %s/exec/*.jsonl | grep -c '\"type\":\"JOIN\"') -eq "
		"$(cat %s/exec/*.jsonl | grep -c '\"type\":\"PART\"')",
		disk, disk), 0);
}


/* ------------------------------------------------------------- tampering */

/* In a copy; the shell's commands leave in $f what was tampered with */
static void ck_found(const char *name, const char *how, const char *word)
{
	ck_assert_int_eq(archive_sh(
		"rm -rf %s/copy && cp -a %s/%s %s/copy && cd %s/copy && %s && "
		"echo $f >../name", dir, disk, name, dir, dir, how), 0);
	ck_assert_int_eq(archive_ctl(pool, "archive verify %s/copy 2>%s/found",
				     dir, dir), 1);
	ck_assert_msg(!archive_sh("grep -F $(cat %s/name) %s/found | "
				  "grep -q '%s'", dir, dir, word),
		      "%s: %s: not named", name, how);
}


static void ck_tamper(const char *name)
{
	char flip[256], drop[128];

	(void)re_snprintf(flip, sizeof(flip), "f=$(ls -S *.%s | head -n 1) && "
			  "s=$(($(stat -c %%s $f) / 2)) && "
			  "b=$(od -An -tu1 -j $s -N 1 $f) && "
			  "printf \\\\$(printf %%o $((b ^ 1))) | "
			  "dd of=$f bs=1 seek=$s conv=notrunc 2>/dev/null",
			  name);
	ck_found(name, flip, "changed");

	(void)re_snprintf(drop, sizeof(drop),
			  "f=$(ls *.%s | tail -n 2 | head -n 1) && rm $f",
			  name);
	ck_found(name, drop, "missing");

	ck_found(name, "b=000000000002 && f=manifest-999999999999.json && "
		 "cp manifest-$b.json $f", "batch 2");
	ck_found(name, "f=manifest-000000000002.json && rm $f "
		 "events-000000000002.idx *-000000000002-* && "
		 "f=000000000003", "missing");
}


START_TEST(whatever_is_killed_or_broken_every_archive_has_all)
{
	const unsigned seconds = setting("PCHAT_CHAOS_S", SHORT_S);
	const unsigned seed = setting("PCHAT_CHAOS_SEED", rand_u32() >> 1);

	(void)re_fprintf(stderr, "chaos: seed %u\n", seed);
	chaos_load_begin(pool);
	chaos_load(pool, chaos_wreck(pool, dir, disk_fills ? disk : NULL,
				     seconds, seed));
	ck_assert_int_eq(pool_reload(pool), 0);
	chaos_load_end(pool);
	(void)re_fprintf(stderr, "chaos: %zu of %zu posts answered 200\n",
			 chaos_posts_ok(), chaos_posts());
	ck_assert_uint_gt(chaos_posts_ok(), 100);

	ck_assert_int_eq(archive_ctl(pool, "compliance run --wait"), 0);
	ck_archives();
	ck_balance();
	ck_tamper("xml");
	ck_tamper("jsonl");
}
END_TEST


static Suite *archive_chaos_suite(void)
{
	Suite *suite = suite_create("archive chaos");
	TCase *tc = tcase_create("archive chaos");

	tcase_add_unchecked_fixture(tc, up, down);
	tcase_set_timeout(tc, setting("PCHAT_CHAOS_S", SHORT_S) + MEND_S);
	tcase_add_test(tc,
		       whatever_is_killed_or_broken_every_archive_has_all);
	suite_add_tcase(suite, tc);

	return suite;
}
TEST_SUITE(archive_chaos_suite)
