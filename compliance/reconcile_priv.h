/**
 * @file compliance/reconcile_priv.h  Between the parts of reconcile
 */
#pragma once

#include "compliance/digest.h"
#include "compliance/manifest.h"

/* What the compliance store knows of an adapter's chain */
struct chain {
	char chain[40];
	uint64_t serial;
	char sha256[DIGEST_HEXSIZE];
	uint64_t batch;         /* the adapter is through with              */
	uint64_t last_batch;    /* of the manifest with that serial         */
	bool adopt;             /* an operator wants the directory's        */
};

/* A manifest of the directory */
struct link {
	char name[64], index[64], note[256];
	uint64_t serial, batch;
	enum manifest_result result;
	char sha256[DIGEST_HEXSIZE], previous[DIGEST_HEXSIZE];
};

/* Those that were read, by serial */
struct links {
	struct link *v;
	size_t n, max;
	size_t all;             /* manifests that are there                 */
};

/** Those that may be the last known or beyond it; free(links->v) */
int reconcile_read(struct links *links, const char *dir,
		   const struct chain *c, struct mbuf *errmb);
/** A whole file */
int reconcile_text(struct mbuf **mbp, const char *dir, const char *name);
