/**
 * @file tests/bench/web.c  Files through the web service, against what the
 *                          machine itself can do
 *
 *     web POOL.JSON [SIZE-MB [CLIENTS [EACH-MB]]]
 *
 * In one run: writing and flushing a file, a socket on the loopback, one
 * client up and down, many clients up and down, with the memory and the CPU
 * time of the process that serves them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <curl/curl.h>
#include <libpq-fe.h>
#include <re.h>
#include "tests/support/poolfile.h"
#include "tests/support/proc.h"

enum { MB = 1000000, PIECE = 64 * 1024, CLIENTS_MAX = 1000 };

struct flow {
	CURL *curl;
	struct curl_slist *head;
	uint64_t left;
	char url[512];
	char answer[512];
	size_t used;
};

static struct poolfile *pf;
static struct flow flowv[CLIENTS_MAX];
static char room[64], up[64], down[64];
static uint8_t piece[PIECE];
static uint64_t rss_max_kb;


static void fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "web: %s: %s\n", what, why);
	exit(1);
}


static void tell(const char *what, uint64_t bytes, uint64_t ms)
{
	(void)printf("%-34s %8.0f MB/s\n", what, (double)bytes / MB * 1000 /
		     (double)(ms ? ms : 1));
	(void)fflush(stdout);
}


/* --------------------------------------------------------------- the floors */

static void floor_file(const char *path, uint64_t size)
{
	const uint64_t start = tmr_jiffies();
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	uint64_t n;

	if (fd < 0)
		fail(path, strerror(errno));
	for (n = 0; n < size; n += PIECE) {
		if (write(fd, piece, PIECE) != PIECE)
			fail(path, strerror(errno));
	}
	if (fsync(fd) || close(fd))
		fail(path, strerror(errno));
	tell("floor: a file written and flushed", n, tmr_jiffies() - start);
	(void)unlink(path);
}


static void pour(const struct sa *sa, uint64_t size)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	uint64_t n = 0;

	if (connect(fd, &sa->u.sa, sa->len))
		_exit(1);
	while (n < size) {
		const ssize_t k = write(fd, piece, PIECE);

		if (k <= 0)
			_exit(1);
		n += (uint64_t)k;
	}
	_exit(0);
}


static void floor_loopback(uint64_t size)
{
	const int ls = socket(AF_INET, SOCK_STREAM, 0);
	static uint8_t buf[PIECE];
	uint64_t n = 0, start;
	struct sa sa;
	ssize_t k;
	pid_t pid;
	int fd;

	(void)sa_set_str(&sa, "127.0.0.1", 0);
	if (bind(ls, &sa.u.sa, sa.len) || listen(ls, 1) ||
	    getsockname(ls, &sa.u.sa, &sa.len))
		fail("loopback", strerror(errno));
	pid = fork();
	if (!pid)
		pour(&sa, size);

	start = tmr_jiffies();
	fd = accept(ls, NULL, NULL);
	while ((k = read(fd, buf, sizeof(buf))) > 0)
		n += (uint64_t)k;
	tell("floor: a socket on the loopback", n, tmr_jiffies() - start);
	(void)close(fd);
	(void)close(ls);
	(void)waitpid(pid, NULL, 0);
}


/* ---------------------------------------------------------------- the store */

static void sql(char *text, size_t size, const char *query)
{
	PGconn *conn = PQconnectdb(pf->store);
	PGresult *res = PQexec(conn, query);

	if (PQresultStatus(res) != PGRES_TUPLES_OK || !PQntuples(res))
		fail(query, PQerrorMessage(conn));
	str_ncpy(text, PQgetvalue(res, 0, 0), size);
	PQclear(res);
	PQfinish(conn);
}


static void prepare(uint64_t kb)
{
	char query[512], none[16];

	(void)re_snprintf(query, sizeof(query), "INSERT INTO configuration "
		"(key, value) VALUES ('MaxFileSizeKB', '%llu') ON CONFLICT "
		"(scope, key) DO UPDATE SET value = excluded.value "
		"RETURNING 1", (unsigned long long)kb);
	sql(none, sizeof(none), query);
	sql(room, sizeof(room), "SELECT r.guid FROM room r JOIN category c "
	    "USING (category_id) WHERE r.privacy = 0 AND r.behavior = 0 AND "
	    "NOT r.disabled AND c.files ORDER BY r.room_id LIMIT 1");
	(void)re_snprintf(query, sizeof(query), "SELECT t.token FROM "
		"principal p, file_token_make(p.principal_id, '%s', 1, 'f', 1000) t "
		"WHERE t.status = 'ok' AND p.kind = 5 LIMIT 1", room);
	sql(up, sizeof(up), query);
	(void)re_snprintf(query, sizeof(query), "SELECT t.token FROM "
		"principal p, file_token_make(p.principal_id, '%s', 2, 'f', 1000) t "
		"WHERE t.status = 'ok' AND p.kind = 5 LIMIT 1", room);
	sql(down, sizeof(down), query);
}


/* ---------------------------------------------------------------- the flows */

static size_t give(char *p, size_t size, size_t n, void *arg)
{
	struct flow *flow = arg;
	const size_t len = MIN(MIN(size * n, flow->left), PIECE);

	memcpy(p, piece, len);
	flow->left -= len;

	return len;
}


static size_t take(char *p, size_t size, size_t n, void *arg)
{
	struct flow *flow = arg;
	const size_t len = MIN(size * n, sizeof(flow->answer) - 1 -
			       flow->used);

	memcpy(flow->answer + flow->used, p, len);
	flow->used += len;

	return size * n;
}


static void watch_memory(void)
{
	char path[64], line[256];
	unsigned long kb;
	FILE *f;

	(void)re_snprintf(path, sizeof(path), "/proc/%d/status",
			  (int)pf->webv[0].pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "VmRSS: %lu", &kb) == 1 && kb > rss_max_kb)
			rss_max_kb = kb;
	}
	if (f)
		(void)fclose(f);
}


static void begin(struct flow *flow, CURLM *multi, uint64_t upload)
{
	char bearer[128];

	(void)re_snprintf(bearer, sizeof(bearer), "Authorization: Bearer %s",
			  upload ? up : down);
	flow->used = 0;
	flow->left = upload;
	flow->head = curl_slist_append(NULL, bearer);
	flow->head = curl_slist_append(flow->head, "Expect:");
	flow->curl = curl_easy_init();
	(void)curl_easy_setopt(flow->curl, CURLOPT_URL, flow->url);
	(void)curl_easy_setopt(flow->curl, CURLOPT_CAINFO, pf->ca);
	(void)curl_easy_setopt(flow->curl, CURLOPT_HTTPHEADER, flow->head);
	(void)curl_easy_setopt(flow->curl, CURLOPT_BUFFERSIZE, (long)PIECE);
	(void)curl_easy_setopt(flow->curl, CURLOPT_UPLOAD_BUFFERSIZE,
			       (long)PIECE);
	(void)curl_easy_setopt(flow->curl, CURLOPT_WRITEFUNCTION, take);
	(void)curl_easy_setopt(flow->curl, CURLOPT_WRITEDATA, flow);
	(void)curl_easy_setopt(flow->curl, CURLOPT_PRIVATE, flow);
	if (upload) {
		(void)curl_easy_setopt(flow->curl, CURLOPT_UPLOAD, 1L);
		(void)curl_easy_setopt(flow->curl, CURLOPT_READFUNCTION, give);
		(void)curl_easy_setopt(flow->curl, CURLOPT_READDATA, flow);
		(void)curl_easy_setopt(flow->curl, CURLOPT_INFILESIZE_LARGE,
				       (curl_off_t)upload);
	}
	(void)curl_multi_add_handle(multi, flow->curl);
}


static void finish(struct flow *flow, CURLM *multi, CURLcode code,
		   uint64_t upload)
{
	const char *file;
	long status = 0;

	(void)curl_easy_getinfo(flow->curl, CURLINFO_RESPONSE_CODE, &status);
	flow->answer[flow->used] = '\0';
	if (code || status != (upload ? 201 : 200))
		fail(flow->url, code ? curl_easy_strerror(code) :
		     flow->answer);

	if (upload) {
		file = strstr(flow->answer, "\"file\":\"");
		if (!file)
			fail("answer", flow->answer);
		file += 8;
		(void)re_snprintf(flow->url, sizeof(flow->url),
				  "%s/files/%s/%b", pf->webv[0].url, room,
				  file, strcspn(file, "\""));
	}
	(void)curl_multi_remove_handle(multi, flow->curl);
	curl_easy_cleanup(flow->curl);
	curl_slist_free_all(flow->head);
}


static void run(const char *what, size_t n, uint64_t each, bool upload)
{
	const uint64_t cpu = proc_cpu_ticks(pf->webv[0].pid);
	const uint64_t start = tmr_jiffies();
	CURLM *multi = curl_multi_init();
	uint64_t ms;
	int running = 1, left;
	size_t i;

	rss_max_kb = 0;
	for (i = 0; i < n; i++)
		begin(&flowv[i], multi, upload ? each : 0);

	while (running) {
		const CURLMsg *msg;

		(void)curl_multi_perform(multi, &running);
		while ((msg = curl_multi_info_read(multi, &left))) {
			struct flow *flow;
			const CURLcode code = msg->data.result;

			(void)curl_easy_getinfo(msg->easy_handle,
						CURLINFO_PRIVATE, &flow);
			finish(flow, multi, code, upload ? each : 0);
		}
		watch_memory();
		if (running)
			(void)curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	curl_multi_cleanup(multi);

	ms = tmr_jiffies() - start;
	tell(what, n * each, ms);
	(void)printf("%-34s %8.1f MB resident, %.2f cores\n", "",
		     (double)rss_max_kb / 1000,
		     (double)(proc_cpu_ticks(pf->webv[0].pid) - cpu) * 1000 /
		     (double)sysconf(_SC_CLK_TCK) / (double)(ms ? ms : 1));
}


int main(int argc, char *argv[])
{
	const uint64_t size = (argc > 2 ? strtoull(argv[2], NULL, 10) : 500) *
		MB;
	const size_t n = argc > 3 ? (size_t)atoi(argv[3]) : 200;
	const uint64_t each = (argc > 4 ? strtoull(argv[4], NULL, 10) : 5) *
		MB;
	char path[512], what[64];
	size_t i;

	if (argc < 2 || n < 1 || n > CLIENTS_MAX || libre_init() ||
	    poolfile_load(&pf, argv[1]) || !pf->webc)
		fail("usage", "web POOL.JSON [SIZE-MB [CLIENTS [EACH-MB]]]");

	rand_bytes(piece, sizeof(piece));
	prepare(MAX(size, each) / 1000 + 1);
	for (i = 0; i < n; i++)
		(void)re_snprintf(flowv[i].url, sizeof(flowv[i].url),
				  "%s/files/%s/f.bin?post=false",
				  pf->webv[0].url, room);

	(void)re_snprintf(path, sizeof(path), "%b/files/floor", argv[1],
			  (size_t)(strrchr(argv[1], '/') - argv[1]));
	floor_file(path, size);
	floor_loopback(4 * size);
	run("one client up", 1, size, true);
	run("one client down", 1, size, false);

	for (i = 0; i < n; i++)
		(void)re_snprintf(flowv[i].url, sizeof(flowv[i].url),
				  "%s/files/%s/f.bin?post=false",
				  pf->webv[0].url, room);
	(void)re_snprintf(what, sizeof(what), "%zu clients up", n);
	run(what, n, each, true);
	(void)re_snprintf(what, sizeof(what), "%zu clients down", n);
	run(what, n, each, false);

	mem_deref(pf);
	libre_close();

	return 0;
}
