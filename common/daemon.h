/**
 * @file common/daemon.h  The skeleton of every daemon
 *
 * Options (-f FILE, --check [--connect], --man, --sample, --version), limits, the loop,
 * the timer wheel, the log, the control socket, signals (TERM and INT stop, a
 * second one exits at once, HUP reloads, USR1 drains), readiness (sd_notify
 * and "status" on the control socket).
 * Every daemon has the keys log.level and ctl.socket on top of its own.
 */
#pragma once

struct check_row;
struct check_store;
struct config;
struct ctl;
struct json_t;

struct daemon_spec {
	const char *name;                   /* "pchat-channel"               */
	const struct conf_key *keyv;
	size_t keyc;

	/** What is checked before anything is opened, and by --check */
	const struct check_row *checkv;
	size_t checkc;
	/** What --check --connect connects to */
	const struct check_store *storev;

	/** Open everything; on error nothing stays open.  @p ctl is NULL if
	    there is no control socket: ctl_register() takes that */
	int  (*open)(void **svcp, struct config *conf, struct ctl *ctl);
	/** The configuration was read again (may be NULL) */
	void (*reload)(void *svc);
	/** Take no new work; daemon_stop() when the last has gone (or NULL) */
	void (*drain)(void *svc);
	/** Asked to stop: say good-bye and call daemon_stop() (or NULL) */
	void (*stop)(void *svc);
	/** "starting", "ready", "draining" ... told by status (or NULL) */
	const char *(*state)(const void *svc);
	/** Close in reverse; the loop does not run any more */
	void (*close)(void *svc);
	/** Add members of the service's own to the reply of "status" (or NULL) */
	void (*status)(void *svc, struct json_t *obj);
};

/** @return the exit status of the process: 0, 1 failed, 2 usage or config */
int  daemon_main(const struct daemon_spec *spec, int argc, char *argv[]);
/** The service is up: tell the supervisor */
void daemon_ready(void);
/** Leave the loop after this turn */
void daemon_stop(void);
/** The same, with exit status 1: what is wrong has been logged */
void daemon_fail(void);
