/**
 * @file tests/unit/sip/test_peer.c  Whom we believe
 */
#include <re.h>
#include "tests/unit/suite.h"
#include "channel/sip/peer.h"

static struct peers *peers;


static void teardown(void)
{
	peers = mem_deref(peers);
}


static bool addr_ok(const char *addr)
{
	struct sa sa;

	ck_assert_int_eq(sa_set_str(&sa, addr, 5060), 0);
	return peers_addr_ok(peers, &sa);
}


START_TEST(addresses_match_their_prefix)
{
	ck_assert_int_eq(peers_alloc(&peers, "192.0.2.0/25, 10.0.0.1 "
				     "2001:db8::/33", NULL), 0);
	ck_assert(addr_ok("192.0.2.127"));
	ck_assert(!addr_ok("192.0.2.128"));
	ck_assert(addr_ok("10.0.0.1"));
	ck_assert(!addr_ok("10.0.0.2"));
	ck_assert(addr_ok("2001:db8:7fff::1"));
	ck_assert(!addr_ok("2001:db8:8000::1"));
	ck_assert(addr_ok("::ffff:10.0.0.1"));
	ck_assert(peers_has_addrs(peers));
	ck_assert(!peers_has_names(peers));
}
END_TEST


START_TEST(everybody_has_a_prefix_of_no_bits)
{
	ck_assert_int_eq(peers_alloc(&peers, "0.0.0.0/0", NULL), 0);
	ck_assert(addr_ok("203.0.113.9"));
	ck_assert(!addr_ok("2001:db8::1"));
}
END_TEST


START_TEST(nonsense_is_refused)
{
	static const char *const badv[] = {
		"host", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "::/129",
		"10.0.0.1 /8",
	};

	for (size_t i = 0; i < ARRAY_SIZE(badv); i++)
		ck_assert_int_eq(peers_alloc(&peers, badv[i], NULL), EINVAL);
}
END_TEST


START_TEST(an_empty_list_believes_nobody)
{
	ck_assert_int_eq(peers_alloc(&peers, "", NULL), 0);
	ck_assert(!addr_ok("127.0.0.1"));
	ck_assert(!peers_name_ok(peers, "example.net"));
	ck_assert(!peers_has_addrs(peers));
}
END_TEST


START_TEST(a_wildcard_stands_for_one_label)
{
	ck_assert_int_eq(peers_alloc(&peers, NULL,
				     "fe1.example.net *.pool.example.net"), 0);
	ck_assert(peers_name_ok(peers, "FE1.example.net"));
	ck_assert(!peers_name_ok(peers, "fe2.example.net"));
	ck_assert(peers_name_ok(peers, "a.pool.example.net"));
	ck_assert(!peers_name_ok(peers, "a.b.pool.example.net"));
	ck_assert(!peers_name_ok(peers, "pool.example.net"));
	ck_assert(!peers_name_ok(peers, ".pool.example.net"));
	ck_assert(!peers_name_ok(peers, ""));
}
END_TEST


START_TEST(a_name_leads_to_where_it_was_seen_last)
{
	struct sa a, b, found;
	struct pl name = PL("FE1.example.net");

	ck_assert_int_eq(peers_alloc(&peers, NULL, "*.example.net"), 0);
	ck_assert_int_eq(peers_lookup(peers, &name, &found), ENOENT);

	(void)sa_set_str(&a, "192.0.2.1", 40001);
	(void)sa_set_str(&b, "192.0.2.2", 40002);
	peers_seen(peers, "fe1.example.net", &a);
	peers_seen(peers, "fe1.example.net", &b);
	ck_assert_int_eq(peers_lookup(peers, &name, &found), 0);
	ck_assert(sa_cmp(&found, &b, SA_ADDR));
	ck_assert_uint_eq(sa_port(&found), 0);
	ck_assert(peers_was_seen(peers, &b));
	ck_assert(!peers_was_seen(peers, &a));
}
END_TEST


START_TEST(new_lists_remember_who_is_still_listed)
{
	struct peers *next;
	struct sa sa;
	struct pl a = PL("a.example.net"), b = PL("b.example.org");

	ck_assert_int_eq(peers_alloc(&peers, NULL, "*.example.net "
				     "*.example.org"), 0);
	(void)sa_set_str(&sa, "192.0.2.1", 1);
	peers_seen(peers, "a.example.net", &sa);
	peers_seen(peers, "b.example.org", &sa);
	ck_assert_int_eq(peers_alloc(&next, NULL, "*.example.net"), 0);
	peers_inherit(next, peers);
	mem_deref(peers);
	peers = next;
	ck_assert_int_eq(peers_lookup(peers, &a, &sa), 0);
	ck_assert_int_eq(peers_lookup(peers, &b, &sa), ENOENT);
}
END_TEST


START_TEST(many_names_push_out_the_oldest)
{
	struct sa sa;
	struct pl first = PL("h0.example.net"), last = PL("h99.example.net");
	char name[32];

	ck_assert_int_eq(peers_alloc(&peers, NULL, "*.example.net"), 0);
	(void)sa_set_str(&sa, "192.0.2.1", 1);
	for (int i = 0; i < 100; i++) {
		(void)re_snprintf(name, sizeof(name), "h%d.example.net", i);
		peers_seen(peers, name, &sa);
	}

	ck_assert_int_eq(peers_lookup(peers, &first, &sa), ENOENT);
	ck_assert_int_eq(peers_lookup(peers, &last, &sa), 0);
}
END_TEST


static Suite *sip_peer_suite(void)
{
	Suite *suite = suite_create("sip_peer");
	TCase *tc = tcase_create("peer");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, addresses_match_their_prefix);
	tcase_add_test(tc, everybody_has_a_prefix_of_no_bits);
	tcase_add_test(tc, nonsense_is_refused);
	tcase_add_test(tc, an_empty_list_believes_nobody);
	tcase_add_test(tc, a_wildcard_stands_for_one_label);
	tcase_add_test(tc, a_name_leads_to_where_it_was_seen_last);
	tcase_add_test(tc, new_lists_remember_who_is_still_listed);
	tcase_add_test(tc, many_names_push_out_the_oldest);
	suite_add_tcase(suite, tc);
	return suite;
}
TEST_SUITE(sip_peer_suite)
