/**
 * @file tests/support/poolfile.h  What pool.json says
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct pool_inst {
	char *name, *sip_tcp, *sip_tls, *ctl, *conf;
	pid_t pid;
};

/** A compliance daemon */
struct pool_compliance {
	char *name, *ctl, *conf;
	pid_t pid;
};

/** A process of the web service */
struct pool_web {
	char *name, *url, *ctl, *conf;
	pid_t pid;
};

struct poolfile {
	char *store;                   /* libpq conninfo                     */
	char *pool_uri, *domain;
	char *reg_tcp, *reg_tls;       /* "127.0.0.1:PORT"; NULL: none       */
	char *reg_ctl, *reg_fifo;      /* for kamcmd, for kamctl             */
	pid_t reg_pid;
	struct pool_inst *instv;
	size_t instc;
	char *compliance_store;        /* libpq conninfo; NULL: none         */
	char *archive;                 /* folder for what adapters write     */
	struct pool_compliance *compv;
	size_t compc;
	struct pool_web *webv;
	size_t webc;
	char *ca;                      /* path of its certificate            */
};

/**
 * @param pfp  Set on success; mem_deref() it
 *
 * @return 0, EBADMSG (not there or not JSON: printed), ENOMEM
 */
int  poolfile_load(struct poolfile **pfp, const char *path);
/** The process id that postmaster.pid below @p dir holds, or 0 */
pid_t poolfile_postmaster(const char *dir);
