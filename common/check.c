/**
 * @file common/check.c  Is a configuration right?
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <libpq-fe.h>
#include <re.h>
#include "common/check.h"
#include "common/conf.h"


void check_run(struct check *ck, const struct check_row *rowv, size_t rowc)
{
	for (size_t i = 0; i < rowc; i++)
		rowv[i].h(ck, rowv[i].key);
}


/* A connection string may hold a password */
static bool shown(const char *key)
{
	return !strstr(key, "conninfo");
}


void check_wrong_nth(struct check *ck, const char *key, size_t n,
		     const char *fmt, ...)
{
	const unsigned line = config_line(ck->conf, key, n);
	const char *value = config_nth(ck->conf, key, n);
	va_list ap;

	++ck->wrong;

	(void)fprintf(ck->f, "%s:", config_path(ck->conf));
	if (line)
		(void)fprintf(ck->f, "%u:", line);
	(void)fprintf(ck->f, " %s: ", key);
	if (value && *value && shown(key))
		(void)fprintf(ck->f, "\"%s\": ", value);

	va_start(ap, fmt);
	(void)vfprintf(ck->f, fmt, ap);
	va_end(ap);
	(void)fputc('\n', ck->f);
}


/* --------------------------------------------------------------- addresses */

static int try_bind(const struct sa *sa)
{
	const int fd = socket(sa_af(sa), SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int on = 1;
	int err = 0;

	if (fd < 0)
		return errno;

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &sa->u.sa, sa->len))
		err = errno;
	(void)close(fd);

	return err;
}


static void check_address(struct check *ck, const char *key, struct sa *sa)
{
	const uint16_t port = sa_port(sa);
	int err;

	if (!ck->ports)
		sa_set_port(sa, 0);

	err = try_bind(sa);
	if (err == EADDRNOTAVAIL)
		check_wrong(ck, key, "is not an address of this host");
	else if (err == EADDRINUSE)
		check_wrong(ck, key, "another process listens on port %u",
			    port);
	else if (err)
		check_wrong(ck, key, "cannot listen there: %s", strerror(err));
}


/* libre cuts a port that is too large short */
static bool address(struct sa *sa, const char *text, size_t len)
{
	const char *port = memrchr(text, ':', len);
	char *end;

	if (!port || !isdigit((unsigned char)port[1]) ||
	    strtoul(port + 1, &end, 10) > UINT16_MAX || end != text + len)
		return false;

	return !sa_decode(sa, text, len);
}


void check_listen(struct check *ck, const char *key)
{
	const char *value = config_str(ck->conf, key);
	struct sa sa;

	if (!str_isset(value))
		return;

	if (!address(&sa, value, strlen(value)))
		check_wrong(ck, key, "is not ADDRESS:PORT");
	else
		check_address(ck, key, &sa);
}


void check_bus(struct check *ck, const char *key)
{
	const char *value = config_str(ck->conf, key), *port;
	struct sa sa;
	char buf[128];

	if (!str_isset(value))
		return;

	port = strrchr(value, ':');
	if (strncmp(value, "tcp://", 6) || port < value + 6) {
		check_wrong(ck, key, "is not tcp://ADDRESS:PORT, with * for any"
			    " free port");
		return;
	}

	(void)snprintf(buf, sizeof(buf), "%.*s:%s", (int)(port - value - 6),
		       value + 6, strcmp(port, ":*") ? port + 1 : "0");

	if (!address(&sa, buf, strlen(buf)))
		check_wrong(ck, key, "is not tcp://ADDRESS:PORT, with * for any"
			    " free port");
	else if (sa_is_any(&sa))
		check_wrong(ck, key, "the other processes connect to this"
			    " address: name one of this host's");
	else
		check_address(ck, key, &sa);
}


static bool network(const char *word, size_t len)
{
	char buf[64], *bits, *end;
	unsigned long n;
	struct sa sa;

	if (len >= sizeof(buf))
		return false;
	memcpy(buf, word, len);
	buf[len] = '\0';

	bits = strchr(buf, '/');
	if (bits)
		*bits++ = '\0';
	if (sa_set_str(&sa, buf, 0))
		return false;
	if (!bits)
		return true;

	n = strtoul(bits, &end, 10);

	return *bits >= '0' && *bits <= '9' && !*end &&
		n <= (sa_af(&sa) == AF_INET ? 32 : 128);
}


void check_networks(struct check *ck, const char *key)
{
	const char *p = config_str(ck->conf, key);

	while (p && *p) {
		const size_t n = strcspn(p, " \t,");

		if (n && !network(p, n))
			check_wrong(ck, key, "\"%.*s\" is neither an address"
				    " nor ADDRESS/BITS", (int)n, p);
		p += n;
		p += strspn(p, " \t,");
	}
}


void check_host(struct check *ck, const char *key)
{
	const char *value = config_str(ck->conf, key), *p = value;

	if (!str_isset(value))
		return;

	while (isalnum((unsigned char)*p) ||
	       (p > value && (*p == '-' || *p == '.')))
		++p;

	if (*p || p[-1] == '.' || p[-1] == '-')
		check_wrong(ck, key, "is not a domain");
}


/* --------------------------------------------------- stores, files, limits */

/* One that came from KEY.password_file stands in no file that is read here */
static bool from_file(const struct check *ck, const char *key)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%.*s.password_file",
		       (int)strcspn(key, "."), key);

	return str_isset(config_str(ck->conf, name));
}


static bool has_password(PQconninfoOption *optv)
{
	for (; optv->keyword; ++optv) {
		if (!strcmp(optv->keyword, "password"))
			return str_isset(optv->val);
	}

	return false;
}


static bool others_read(const char *path)
{
	struct stat st;

	return !stat(path, &st) && st.st_mode & S_IRWXO;
}


void check_conninfo(struct check *ck, const char *key)
{
	const char *value = config_str(ck->conf, key);
	PQconninfoOption *optv;
	char *why = NULL;

	if (!str_isset(value))
		return;

	optv = PQconninfoParse(value, &why);
	if (!optv) {
		if (why)
			why[strcspn(why, "\n")] = '\0';
		/* what it quotes may be part of a password */
		check_wrong(ck, key, "is no connection string%s%s",
			    why && !strstr(value, "pass") ? ": " : "",
			    why && !strstr(value, "pass") ? why : "");
	}
	else if (has_password(optv) && !from_file(ck, key) &&
		 others_read(config_path(ck->conf))) {
		check_wrong(ck, key, "holds a password, and everybody may read"
			    " this file: chmod o= it, or put the password into"
			    " a file of its own (%.*s.password_file)",
			    (int)strcspn(key, "."), key);
	}

	PQfreemem(why);
	PQconninfoFree(optv);
}


static void folder(struct check *ck, const char *key, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		check_wrong(ck, key, "%s: %s", path, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		check_wrong(ck, key, "%s is not a directory", path);
	else if (access(path, W_OK | X_OK))
		check_wrong(ck, key, "%s cannot be written to: %s", path,
			    strerror(errno));
}


void check_folder(struct check *ck, const char *key)
{
	const char *value = config_str(ck->conf, key);

	if (str_isset(value))
		folder(ck, key, value);
}


void check_file_place(struct check *ck, const char *key)
{
	const char *value = config_str(ck->conf, key), *slash;
	char dir[1024];

	if (!str_isset(value))
		return;

	slash = strrchr(value, '/');
	if (!slash)
		str_ncpy(dir, ".", sizeof(dir));
	else
		(void)re_snprintf(dir, sizeof(dir), "%b", value,
				  slash == value ? (size_t)1 :
				  (size_t)(slash - value));
	folder(ck, key, dir);
}


void check_order(struct check *ck, const char *a, const char *b)
{
	const uint64_t na = config_uint(ck->conf, a);
	const uint64_t nb = config_uint(ck->conf, b);

	if (na > nb)
		check_wrong(ck, a, "must not be above %s (%llu)", b,
			    (unsigned long long)nb);
}


/* One renewal may be lost */
void check_lease(struct check *ck, const char *key)
{
	const uint64_t lapse = config_uint(ck->conf, "lease.lapse_ms");

	if (2 * config_uint(ck->conf, key) > lapse)
		check_wrong(ck, key, "must not be above half of"
			    " lease.lapse_ms (%llu)",
			    (unsigned long long)lapse);
}
