/**
 * @file webfiles/tls.c  Our certificate, read again while we run
 */
#include <errno.h>
#include <string.h>
#include <re.h>
#include "common/conf.h"
#include "common/log.h"
#include "webfiles/tls.h"

enum { CHAIN_MAX = 8 };

struct pair {
	gnutls_pcert_st chainv[CHAIN_MAX];
	unsigned chainc;
	gnutls_privkey_t key;
};

struct web_tls {
	struct pair *now;
	struct pair *before;       /* handshakes under way may point into it */
};

static struct web_tls *current;    /* all that web_tls_retrieve() gets       */


static void pair_destructor(void *data)
{
	struct pair *pair = data;
	unsigned i;

	for (i = 0; i < pair->chainc; i++)
		gnutls_pcert_deinit(&pair->chainv[i]);
	if (pair->key)
		gnutls_privkey_deinit(pair->key);
}


static void destructor(void *data)
{
	struct web_tls *tls = data;

	mem_deref(tls->now);
	mem_deref(tls->before);
	current = NULL;
}


static int load(gnutls_datum_t *d, const char *path)
{
	const int e = gnutls_load_file(path, d);

	if (e < 0)
		log_err("http.certificate", "file=%s reason=\"%s\"", path,
			gnutls_strerror(e));

	return e < 0 ? EINVAL : 0;
}


static int parse(struct pair *pair, const gnutls_datum_t *cert,
		 const gnutls_datum_t *key)
{
	gnutls_x509_privkey_t x = NULL;
	unsigned n = CHAIN_MAX;
	int e;

	e = gnutls_pcert_list_import_x509_raw(pair->chainv, &n, cert,
					      GNUTLS_X509_FMT_PEM, 0);
	if (e < 0)
		return e;
	pair->chainc = n;

	e = gnutls_x509_privkey_init(&x);
	if (e >= 0)
		e = gnutls_x509_privkey_import2(x, key, GNUTLS_X509_FMT_PEM,
						NULL, 0);
	if (e >= 0)
		e = gnutls_privkey_init(&pair->key);
	if (e >= 0)
		e = gnutls_privkey_import_x509(pair->key, x,
			GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE);
	if (e < 0 && x)
		gnutls_x509_privkey_deinit(x);

	return e;
}


static bool belong(const struct pair *pair)
{
	unsigned char a[64], b[64];
	size_t an = sizeof(a), bn = sizeof(b);
	gnutls_pubkey_t pub;
	bool same = false;

	if (gnutls_pubkey_init(&pub) < 0)
		return false;

	if (gnutls_pubkey_import_privkey(pub, pair->key, 0, 0) >= 0 &&
	    gnutls_pubkey_get_key_id(pub, GNUTLS_KEYID_USE_SHA256, a,
				     &an) >= 0 &&
	    gnutls_pubkey_get_key_id(pair->chainv[0].pubkey,
				     GNUTLS_KEYID_USE_SHA256, b, &bn) >= 0)
		same = an == bn && !memcmp(a, b, an);

	gnutls_pubkey_deinit(pub);

	return same;
}


static int read_pair(struct pair **pairp, const char *cert, const char *key)
{
	struct pair *pair = mem_zalloc(sizeof(*pair), pair_destructor);
	gnutls_datum_t c = { NULL, 0 }, k = { NULL, 0 };
	int err, e;

	if (!pair)
		return ENOMEM;

	err = load(&c, cert);
	if (!err)
		err = load(&k, key);
	if (err)
		goto out;

	e = parse(pair, &c, &k);
	if (e < 0 || !belong(pair)) {
		log_err("http.certificate", "file=%s reason=\"%s\"", cert,
			e < 0 ? gnutls_strerror(e) :
			"the key is that of another certificate");
		err = EINVAL;
	}

 out:
	if (k.data)
		gnutls_memset(k.data, 0, k.size);
	gnutls_free(c.data);
	gnutls_free(k.data);
	if (err)
		mem_deref(pair);
	else
		*pairp = pair;

	return err;
}


int web_tls_reload(struct web_tls *tls, const struct config *conf)
{
	struct pair *pair = NULL;
	int err;

	err = read_pair(&pair, config_str(conf, "http.certificate"),
			config_str(conf, "http.key"));
	if (err)
		return err;

	mem_deref(tls->before);
	tls->before = tls->now;
	tls->now    = pair;

	return 0;
}


int web_tls_open(struct web_tls **tlsp, const struct config *conf)
{
	const bool cert = config_str(conf, "http.certificate") != NULL;
	struct web_tls *tls;
	int err;

	*tlsp = NULL;
	if (cert != (config_str(conf, "http.key") != NULL)) {
		log_err("http.certificate", "reason=\"http.certificate and "
			"http.key go together\"");
		return EINVAL;
	}
	if (!cert)
		return 0;

	tls = mem_zalloc(sizeof(*tls), destructor);
	if (!tls)
		return ENOMEM;

	err = web_tls_reload(tls, conf);
	if (err)
		mem_deref(tls);
	else
		*tlsp = current = tls;

	return err;
}


int web_tls_retrieve(gnutls_session_t session,
		     const gnutls_datum_t *req_ca_rdn, int nreqs,
		     const gnutls_pk_algorithm_t *pk_algos, int pk_algosc,
		     gnutls_pcert_st **pcertv, unsigned *pcertc,
		     gnutls_privkey_t *key)
{
	(void)session;
	(void)req_ca_rdn;
	(void)nreqs;
	(void)pk_algos;
	(void)pk_algosc;

	if (!current)
		return -1;

	*pcertv = current->now->chainv;
	*pcertc = current->now->chainc;
	*key    = current->now->key;

	return 0;
}
