/**
 * @file tests/fuzz/sipclient.h  Clients of the SIP core, for fuzz_dialog.c
 *
 * They count the answers to what they asked.  All that the core says to one
 * must be framed, and it must not close the connection of one that has sent
 * nothing but framed messages.
 */
#pragma once

/* Nobody else listens there, so that no Route leads to a stranger */
#define SIPCLIENT_HOST "127.77.0.1"

enum { SIPCLIENTS = 2 };

struct client;
struct fuzz_in;
struct uas;

/** Forgets everything of an earlier core */
void clients_open(struct uas *core);
void clients_close(void);
/** Connected if need be */
struct client *client_get(unsigned i);
/** Turns of the loop, then they read */
void clients_settle(unsigned turns);
/** Everything that was asked has been answered, once */
void clients_judge(void);

/** The next message comes in two, cut there; 0: whole */
void clients_cut(size_t at);
/** They answer no requests, or answer them again */
void clients_deaf(void);

/** METHOD LF, header lines, 0x01, body; @p inside: in the dialog */
void client_request(struct client *c, struct fuzz_in *in, bool inside);
/** CANCEL of the INVITE, if that was the latest request */
void client_cancel(struct client *c);
/** Bytes as they are: nothing is expected of the connection any more */
void client_raw(struct client *c, const uint8_t *p, size_t l);
/** Answer the latest request */
void client_answer(struct client *c, unsigned code);
void client_close(struct client *c);
