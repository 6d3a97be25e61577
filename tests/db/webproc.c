/**
 * @file tests/db/webproc.c  A web service on the operator's store, and a browser
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <curl/curl.h>
#include <re.h>
#include "common/ctl.h"
#include "common/json.h"
#include "tests/db/operator.h"
#include "tests/db/webproc.h"
#include "tests/support/proc.h"

enum { LIMIT_MS = 20000, POLL_MS = 10 };

static struct {
	char dir[64];
	pid_t pid;
	unsigned port;
	CURL *curl;
	char *body;
	size_t len;
	char etag[128], csrf[64], header[256], text[512];
	bool match;
} wp;


/* ------------------------------------------------------------ the process */

static const char *program(void)
{
	static char path[PATH_MAX + 32];
	char self[PATH_MAX] = "";

	ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof(self) - 1),
			 0);
	(void)snprintf(path, sizeof(path), "%s/../pchat-webfiles",
		       dirname(self));

	return path;
}


static void configure(const char *lines)
{
	char path[96];
	FILE *f;

	if (!wp.dir[0]) {
		strcpy(wp.dir, "/tmp/pchat-web-XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(wp.dir));
	}

	(void)snprintf(path, sizeof(path), "%s/files", wp.dir);
	(void)mkdir(path, 0700);
	(void)snprintf(path, sizeof(path), "%s/conf", wp.dir);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	(void)fprintf(f, "instance.name web-1\nstore.conninfo %s\n"
		      "pool.domain x.net\nhttp.listen 127.0.0.1:0\n"
		      "files.dir %s/files\nctl.socket %s/ctl\n%s",
		      store_conninfo(op_store()), wp.dir, wp.dir, lines);
	ck_assert_int_eq(fclose(f), 0);
}


static void child(pid_t parent)
{
	char conf[96], log[96];
	const char *const argv[] = { program(), "-f", conf, NULL };
	int fd;

	(void)snprintf(conf, sizeof(conf), "%s/conf", wp.dir);
	(void)snprintf(log, sizeof(log), "%s/log", wp.dir);
	fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	(void)dup2(fd, 1);
	(void)dup2(fd, 2);
	(void)execv(argv[0], (char *const *)argv);
	_exit(127);
}


/* Where its log says that it listens, once it is ready */
static unsigned port(void)
{
	static const char want[] = "http.listen address=127.0.0.1:";
	char path[96], text[8192];
	size_t n = 0;
	FILE *f;
	char *p;

	(void)snprintf(path, sizeof(path), "%s/log", wp.dir);
	f = fopen(path, "r");
	if (f) {
		n = fread(text, 1, sizeof(text) - 1, f);
		(void)fclose(f);
	}
	text[n] = '\0';
	p = strstr(text, want);

	return p && strstr(text, "daemon.ready") ?
		(unsigned)strtoul(p + strlen(want), NULL, 10) : 0;
}


static void show_log(void)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/log", wp.dir);
	proc_show(path);
}


/* Up, or ended by itself */
static bool launch(const char *lines)
{
	const pid_t parent = getpid();
	char path[96];
	unsigned waited;
	int status;

	configure(lines);
	(void)snprintf(path, sizeof(path), "%s/log", wp.dir);
	(void)unlink(path);
	wp.pid = fork();
	ck_assert_int_ge(wp.pid, 0);
	if (!wp.pid)
		child(parent);

	for (waited = 0; waited < LIMIT_MS; waited += POLL_MS) {
		wp.port = port();
		if (wp.port)
			return true;
		if (waitpid(wp.pid, &status, WNOHANG) == wp.pid) {
			wp.pid = 0;
			return false;
		}
		(void)poll(NULL, 0, POLL_MS);
	}
	ck_abort_msg("pchat-webfiles does not get ready");

	return false;
}


void wp_start(const char *lines, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, lines);
	(void)vsnprintf(text, sizeof(text), lines, ap);
	va_end(ap);

	if (!launch(text)) {
		show_log();
		ck_abort_msg("pchat-webfiles does not start");
	}
	wp.curl = curl_easy_init();
	wp_forget();
}


bool wp_refuses(const char *lines, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, lines);
	(void)vsnprintf(text, sizeof(text), lines, ap);
	va_end(ap);

	return !launch(text);
}


void wp_ask_to_stop(void)
{
	(void)kill(wp.pid, SIGTERM);
}


void wp_control(const char *line)
{
	char path[96];
	json_t *reply = NULL;

	(void)snprintf(path, sizeof(path), "%s/ctl", wp.dir);
	(void)ctl_call(path, line, &reply);
	json_decref(reply);
}


int wp_stopped(void)
{
	int status = -1;

	ck_assert_int_eq(waitpid(wp.pid, &status, 0), wp.pid);
	wp.pid = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		show_log();

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}


void wp_stop(void)
{
	if (wp.curl)
		curl_easy_cleanup(wp.curl);
	if (wp.pid) {
		wp_ask_to_stop();
		ck_assert_int_eq(wp_stopped(), 0);
	}
	if (wp.dir[0])
		proc_rmtree(wp.dir);
	free(wp.body);
	memset(&wp, 0, sizeof(wp));
}


unsigned wp_port(void)
{
	return wp.port;
}


/* ------------------------------------------------------------- the browser */

void wp_forget(void)
{
	(void)curl_easy_setopt(wp.curl, CURLOPT_COOKIEFILE, "");
	(void)curl_easy_setopt(wp.curl, CURLOPT_COOKIELIST, "ALL");
	wp.csrf[0] = '\0';
	wp.header[0] = '\0';
}


void wp_header(const char *line)
{
	(void)snprintf(wp.header, sizeof(wp.header), "%s", line ? line : "");
}


void wp_match(void)
{
	wp.match = true;
}


static size_t body_handler(char *p, size_t size, size_t n, void *arg)
{
	(void)arg;

	n *= size;
	wp.body = realloc(wp.body, wp.len + n + 1);
	ck_assert_ptr_nonnull(wp.body);
	memcpy(wp.body + wp.len, p, n);
	wp.len += n;
	wp.body[wp.len] = '\0';

	return n;
}


static size_t header_handler(char *p, size_t size, size_t n, void *arg)
{
	(void)arg;

	n *= size;
	if (n > 6 && !strncasecmp(p, "etag: ", 6))
		(void)snprintf(wp.etag, sizeof(wp.etag), "%.*s",
			       (int)strcspn(p + 6, "\r\n"), p + 6);

	return n;
}


static struct curl_slist *headers(const char *body)
{
	struct curl_slist *list = NULL;
	char line[256];

	if (body)
		list = curl_slist_append(list,
					 "Content-Type: application/json");
	list = curl_slist_append(list, "Expect:");
	if (wp.csrf[0]) {
		(void)snprintf(line, sizeof(line), "X-CSRF-Token: %s",
			       wp.csrf);
		list = curl_slist_append(list, line);
	}
	if (wp.match) {
		(void)snprintf(line, sizeof(line), "If-Match: %s", wp.etag);
		list = curl_slist_append(list, line);
	}
	if (wp.header[0])
		list = curl_slist_append(list, wp.header);

	return list;
}


long wp_call(const char *method, const char *path, const char *body)
{
	struct curl_slist *list = headers(body);
	char url[1024];
	long status = 0;

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%s%s", wp.port,
		       *path == '/' ? "" : "/api/v1/", path);
	wp.match = false;
	wp.len = 0;
	wp.etag[0] = '\0';
	free(wp.body);
	wp.body = NULL;

	(void)curl_easy_setopt(wp.curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(wp.curl, CURLOPT_CUSTOMREQUEST, method);
	(void)curl_easy_setopt(wp.curl, CURLOPT_POSTFIELDS, body);
	if (!body)
		(void)curl_easy_setopt(wp.curl, CURLOPT_HTTPGET, 1L);
	(void)curl_easy_setopt(wp.curl, CURLOPT_NOBODY,
			       strcmp(method, "HEAD") ? 0L : 1L);
	(void)curl_easy_setopt(wp.curl, CURLOPT_HTTPHEADER, list);
	(void)curl_easy_setopt(wp.curl, CURLOPT_WRITEFUNCTION, body_handler);
	(void)curl_easy_setopt(wp.curl, CURLOPT_HEADERFUNCTION,
			       header_handler);
	(void)curl_easy_setopt(wp.curl, CURLOPT_TIMEOUT_MS, (long)LIMIT_MS);
	(void)curl_easy_setopt(wp.curl, CURLOPT_NOSIGNAL, 1L);
	if (!curl_easy_perform(wp.curl))
		(void)curl_easy_getinfo(wp.curl, CURLINFO_RESPONSE_CODE,
					&status);
	curl_slist_free_all(list);
	if (status == 500)
		show_log();
	if (*wp_text("csrf"))
		(void)snprintf(wp.csrf, sizeof(wp.csrf), "%s",
			       wp_text("csrf"));

	return status;
}


const char *wp_body(void)
{
	return wp.body ? wp.body : "";
}


const char *wp_tag(void)
{
	return wp.etag;
}


const char *wp_text(const char *name)
{
	json_t *json = json_loads(wp_body(), 0, NULL);
	const char *text = json_string_value(json_object_get(json, name));

	(void)snprintf(wp.text, sizeof(wp.text), "%s", text ? text : "");
	json_decref(json);

	return wp.text;
}


long wp_signin(const char *user, const char *password)
{
	char body[512];

	(void)snprintf(body, sizeof(body),
		       "{\"user\":\"%s\",\"password\":\"%s\"}", user,
		       password);

	return wp_call("POST", "session", body);
}
