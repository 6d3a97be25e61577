/**
 * @file tests/bench/report.c  The table, or JSON
 */
#include "tests/bench/load.h"
#include "tests/support/poolfile.h"


struct row { const char *key, *label; double value; };


static double per(double a, double b)
{
	return b > 0 ? a / b : 0;
}


static void print_json(const struct load *load, const struct row *rowv,
		       size_t n)
{
	size_t i;

	(void)printf("{\"scenario\":\"%s%c\",\"loop\":\"%s\","
		     "\"shared\":%u,\"instances\":%zu",
		     load->opt.shared ? "F-" : "", load->sc->name,
		     load->opt.rate > 0 ? "open" : "closed",
		     load->opt.shared, load->pf->instc);
	for (i = 0; i < n; i++)
		(void)printf(",\"%s\":%.3f", rowv[i].key, rowv[i].value);
	(void)printf("}\n");
}


static void print_table(const struct load *load, const struct row *rowv,
			size_t n)
{
	size_t i;

	(void)printf("%s%c, %s loop, %u users, %u rooms, %u connections, "
		     "%zu instances\n", load->opt.shared ? "F-" : "",
		     load->sc->name, load->opt.rate > 0 ? "open" : "closed",
		     load->userc, load->roomc, load->connc,
		     load->pf->instc);
	for (i = 0; i < n; i++)
		(void)printf("  %-42s %12.2f\n", rowv[i].label,
			     rowv[i].value);
}


void report(struct load *load, const struct result *res)
{
	const double kdel = (double)res->counts.deliveries / 1000;
	const double posts = (double)res->counts.posts;
	const struct row rowv[] = {
		{ "posts_s", "posts/s stored", per(posts, res->seconds) },
		{ "deliveries_s", "deliveries/s",
		  per(kdel * 1000, res->seconds) },
		{ "p50_200_ms", "post -> 200, p50 ms",
		  latency_ms(&load->lat_200, 0.5) },
		{ "p99_200_ms", "post -> 200, p99 ms",
		  latency_ms(&load->lat_200, 0.99) },
		{ "p50_last_ms", "post -> last delivery, p50 ms",
		  latency_ms(&load->lat_last, 0.5) },
		{ "p99_last_ms", "post -> last delivery, p99 ms",
		  latency_ms(&load->lat_last, 0.99) },
		{ "cpu_ms_kdel", "CPU ms per 1,000 deliveries, all",
		  per(cpu_all_ms(&res->cpu), kdel) },
		{ "cpu_server_ms_kdel", "  server",
		  per(res->cpu.server_ms, kdel) },
		{ "cpu_store_ms_kdel", "  PostgreSQL",
		  per(res->cpu.store_ms, kdel) },
		{ "cpu_us_post", "CPU us per post, all",
		  per(1000 * cpu_all_ms(&res->cpu), posts) },
		{ "cpu_store_us_post", "  PostgreSQL",
		  per(1000 * res->cpu.store_ms, posts) },
		{ "cpu_compliance_us_post", "  compliance",
		  per(1000 * res->cpu.compliance_ms, posts) },
		{ "refused", "posts refused", (double)res->counts.refused },
		{ "signin_s", "sign-in of all, s", res->signin_seconds },
		{ "signin_us_join", "  CPU us per join, all",
		  per(1000 * cpu_all_ms(&res->signin_cpu), res->joins) },
		{ "book_errors", "kinds of errors in the books",
		  res->errors },
	};

	(load->opt.json ? print_json : print_table)(load, rowv,
		sizeof(rowv) / sizeof(rowv[0]));
}
