/**
 * @file tests/support/slapd.c  A private LDAP directory for a test
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <re.h>
#include "tests/support/pgrun.h"
#include "tests/support/proc.h"
#include "tests/support/slapd.h"

enum { START_LIMIT_MS = 20000, RUN_LIMIT_MS = 60000, POLL_MS = 10 };

struct slapd {
	char dir[64];
	char uri[64];
	char tls_uri[64];
	char ca[96];
	char log[96];
	uint16_t port;
	pid_t pid;
};

static const char conf_fmt[] =
	"include /etc/ldap/schema/core.schema\n"
	"include /etc/ldap/schema/cosine.schema\n"
	"include /etc/ldap/schema/inetorgperson.schema\n"
	"include /etc/ldap/schema/nis.schema\n"
	"include %s/ad.schema\n"
	"modulepath /usr/lib/ldap\n"
	"moduleload back_mdb\n"
	"pidfile %s/pid\n"
	"TLSCertificateFile %s/cert.pem\n"
	"TLSCertificateKeyFile %s/key.pem\n"
	"database mdb\n"
	"suffix \"" SLAPD_BASE "\"\n"
	"rootdn \"" SLAPD_ADMIN "\"\n"
	"rootpw " SLAPD_SECRET "\n"
	"directory %s/data\n"
	"maxsize 1073741824\n"
	"dbnosync\n"
	"index objectClass,entryUUID,modifyTimestamp eq\n"
	"limits dn.exact=\"" SLAPD_READER "\""
	" size=%d size.prtotal=unlimited\n"
	"limits anonymous size=%d size.prtotal=unlimited\n";

#define TYPE(oid, name, equality, syntax) \
	"attributetype ( 1.2.840.113556.1." oid " NAME '" name "' " \
	equality " SYNTAX 1.3.6.1.4.1.1466.115.121.1." syntax \
	" SINGLE-VALUE )\n"
#define INTEGER "EQUALITY integerMatch ORDERING integerOrderingMatch"

static const char ad_fmt[] =
	TYPE("2.120", "uSNChanged", INTEGER, "27")
	TYPE("2.999", "highestCommittedUSN", INTEGER, "27")
	TYPE("4.8", "userAccountControl", INTEGER, "27")
	TYPE("2.998", "dsServiceName", "EQUALITY caseIgnoreMatch", "15")
	TYPE("4.2", "objectGUID", "EQUALITY octetStringMatch", "40")
	TYPE("6.997", "msRTCSIP-PrimaryUserAddress",
	     "EQUALITY caseIgnoreMatch", "15")
	"objectclass ( 1.2.840.113556.1.996 NAME 'adEntry' SUP top AUXILIARY"
	" MAY ( uSNChanged $ objectGUID $ userAccountControl $"
	" msRTCSIP-PrimaryUserAddress ) )\n"
	"rootDSE %s/root.ldif\n";

static const char ad_root_fmt[] =
	"dn:\nhighestCommittedUSN: %d\ndsServiceName: dc1\n";

static const char root_ldif[] =
	"dn: " SLAPD_BASE "\n"
	"objectClass: dcObject\n"
	"objectClass: organization\n"
	"o: Example\n"
	"dc: example\n"
	"\n"
	"dn: " SLAPD_READER "\n"
	"objectClass: organizationalRole\n"
	"objectClass: simpleSecurityObject\n"
	"cn: reader\n"
	"userPassword: " SLAPD_SECRET "\n";


static void destructor(void *data)
{
	struct slapd *sl = data;

	if (sl->pid > 0) {
		(void)kill(sl->pid, SIGKILL);
		(void)waitpid(sl->pid, NULL, 0);
	}
	if (sl->dir[0])
		proc_rmtree(sl->dir);
}


static bool answers(const struct slapd *sl)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool up;

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sa.sin_port = htons(sl->port);
	up = !connect(fd, (struct sockaddr *)&sa, sizeof(sa));
	(void)close(fd);

	return up;
}


static int ad_files(const struct slapd *sl, bool ad)
{
	char path[96];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/ad.schema", sl->dir);
	f = fopen(path, "w");
	if (!f)
		return errno;
	if (ad)
		(void)fprintf(f, ad_fmt, sl->dir);
	if (fclose(f))
		return errno;

	(void)snprintf(path, sizeof(path), "%s/root.ldif", sl->dir);
	f = fopen(path, "w");
	if (!f)
		return errno;
	(void)fprintf(f, ad_root_fmt, SLAPD_USN);

	return fclose(f) ? errno : 0;
}


static int files(const struct slapd *sl)
{
	char path[96], data[96], key[96];
	const char *const argv[] = { "openssl", "req", "-x509", "-newkey",
		"rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
		"-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
		"-out", sl->ca, NULL };
	FILE *f;

	(void)snprintf(data, sizeof(data), "%s/data", sl->dir);
	(void)snprintf(key, sizeof(key), "%s/key.pem", sl->dir);
	(void)snprintf(path, sizeof(path), "%s/slapd.conf", sl->dir);
	f = fopen(path, "w");
	if (!f || mkdir(data, 0700))
		return errno;

	(void)fprintf(f, conf_fmt, sl->dir, sl->dir, sl->dir, sl->dir,
		      sl->dir, SLAPD_PAGE, SLAPD_PAGE);
	if (fclose(f))
		return errno;

	return proc_run(sl->log, argv, RUN_LIMIT_MS);
}


static void child(const struct slapd *sl, pid_t parent)
{
	char conf[96], uris[160];
	const char *const argv[] = { "slapd", "-h", uris, "-f", conf, "-d",
		"0", NULL };
	int fd = open(sl->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	(void)snprintf(conf, sizeof(conf), "%s/slapd.conf", sl->dir);
	(void)snprintf(uris, sizeof(uris), "%s %s", sl->uri, sl->tls_uri);
	(void)setsid();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	(void)dup2(fd, 1);
	(void)dup2(fd, 2);
	closefrom(3);
	(void)setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	(void)execvp(argv[0], (char *const *)argv);
	_exit(127);
}


static int server_up(struct slapd *sl)
{
	const pid_t parent = getpid();
	unsigned waited;

	sl->port = proc_free_port();
	(void)snprintf(sl->uri, sizeof(sl->uri), "ldap://127.0.0.1:%u",
		       sl->port);
	(void)snprintf(sl->tls_uri, sizeof(sl->tls_uri),
		       "ldaps://127.0.0.1:%u", proc_free_port());
	sl->pid = fork();
	if (sl->pid < 0)
		return errno;
	if (!sl->pid)
		child(sl, parent);

	for (waited = 0; waited < START_LIMIT_MS; waited += POLL_MS) {
		if (answers(sl))
			return 0;
		if (waitpid(sl->pid, NULL, WNOHANG) == sl->pid) {
			sl->pid = -1;
			return EPROTO;
		}
		(void)poll(NULL, 0, POLL_MS);
	}

	return ETIMEDOUT;
}


int slapd_start(struct slapd **slp, bool ad)
{
	struct slapd *sl = mem_zalloc(sizeof(*sl), destructor);
	int err;

	if (!sl)
		return ENOMEM;

	err = pgrun_prepare();
	(void)snprintf(sl->dir, sizeof(sl->dir), "%s/slapd-XXXXXX",
		       pgrun_dir());
	if (!err && !mkdtemp(sl->dir)) {
		sl->dir[0] = '\0';
		err = errno;
	}
	(void)snprintf(sl->log, sizeof(sl->log), "%s/log", sl->dir);
	(void)snprintf(sl->ca, sizeof(sl->ca), "%s/cert.pem", sl->dir);
	if (!err)
		err = ad_files(sl, ad);
	if (!err)
		err = files(sl);
	if (!err)
		err = server_up(sl);
	if (!err)
		err = slapd_ldif(sl, root_ldif);

	if (err) {
		(void)re_fprintf(stderr, "slapd: %m\n", err);
		proc_show(sl->log);
		mem_deref(sl);
		return err;
	}

	*slp = sl;

	return 0;
}


void slapd_stop(struct slapd *sl)
{
	mem_deref(sl);
}


const char *slapd_uri(const struct slapd *sl)
{
	return sl->uri;
}


const char *slapd_tls_uri(const struct slapd *sl)
{
	return sl->tls_uri;
}


const char *slapd_dir(const struct slapd *sl)
{
	return sl->dir;
}


const char *slapd_ca(const struct slapd *sl)
{
	return sl->ca;
}


int slapd_ldif(const struct slapd *sl, const char *ldif)
{
	char path[96];
	static const char admin[] = SLAPD_ADMIN;
	const char *const argv[] = { "ldapmodify", "-a", "-x", "-H", sl->uri,
		"-D", admin, "-w", SLAPD_SECRET, "-f", path, NULL };
	FILE *f;
	int err;

	(void)snprintf(path, sizeof(path), "%s/change.ldif", sl->dir);
	f = fopen(path, "w");
	if (!f)
		return errno;
	(void)fputs(ldif, f);
	err = fclose(f) ? errno : 0;
	if (!err)
		err = proc_run(sl->log, argv, RUN_LIMIT_MS);
	if (err)
		proc_show(sl->log);

	return err;
}
