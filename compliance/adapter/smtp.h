/**
 * @file compliance/adapter/smtp.h  Mails to a server, so many a connection
 */
#pragma once

struct smtp;
struct settings;

struct smtp_opt {
	struct net_opt net;
	char *url;               /* smtp:// or smtps://; NULL: not by SMTP  */
	unsigned tls;            /* SMTP_TLS_*, for smtp://                 */
	char *user, *password;   /* both or none                            */
	char *sender;            /* of the envelope                         */
	struct curl_slist *recipients;
	uint64_t mails_max;      /* a connection                            */
};

enum { SMTP_TLS_REQUIRED, SMTP_TLS_TRY, SMTP_TLS_NONE };

/** The keys of these options; for the key table */
#define SMTP_KEYS                                                         \
	{ "smtp_url", NULL, "smtp://HOST[:PORT] or smtps://HOST[:PORT]:"   \
	  " send the mails there.  Without it they are written to the"     \
	  " output directory." },                                         \
	{ "smtp_tls", "required", "For smtp://: required (STARTTLS or"     \
	  " nothing), try, none." },                                      \
	{ "smtp_user", NULL, "Sign in as this user." },                   \
	{ "smtp_password_file", NULL,                                     \
	  "Its first line is the password; mode 0600." },                 \
	{ "smtp_sender", NULL, "Sender of the envelope." },               \
	{ "smtp_recipient", NULL, "The archive's address; may come"        \
	  " several times." },                                            \
	{ "smtp_mails", "400", "Mails a connection at most; 1 to 100000." },\
	NET_KEYS

/** Errors stay in @p set; ended by smtp_opt_reset() */
void smtp_opt_read(struct smtp_opt *opt, struct settings *set);
void smtp_opt_reset(struct smtp_opt *opt);

/** Connects with the first mail; mem_deref() says QUIT */
int smtp_alloc(struct smtp **smtpp, const struct smtp_opt *opt);
/** What a server said to a mail */
struct smtp_answer {
	enum adapter_verdict verdict;
	bool mail;               /* about this mail; else the server cannot be
				    reached or trusted, or lets nobody in  */
	bool envelope;           /* before it had seen the mail itself      */
};

/**
 * Send what is in @p fd, from its beginning
 *
 * @param rcpt  One of the recipients alone; NULL: to all of them, and to none
 *              of them if one is refused
 */
struct smtp_answer smtp_send(struct smtp *smtp, int fd, uint64_t size,
			     const char *rcpt, char *errbuf, size_t errsize);
