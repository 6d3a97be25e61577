/**
 * @file tests/scenario/attack.h  What the attacks on the edge share
 *
 * Two instances behind the shipped registrar, which asks for passwords.  Ada
 * manages the secret room "Vault", bob is an ordinary user; the attackers have
 * no account, or one of the others'.
 */
#pragma once

#include "tests/scenario/stage.h"
#include "tests/support/regclient.h"

/** Import data of these suites */
extern const char attack_data[];

/** Unchecked fixture; more settings, or NULL */
void attack_up_with(const char *const *setv);
void attack_up(void);

/** A client that is connected, no more */
struct reg *attack_connect(const char *user, const char *source);
/** Registered, and with a dialog */
struct reg *attack_sign_in(const char *user, const char *source);
/** That client still has its dialog: a post is stored */
bool attack_works(struct reg *r, const char *room);

/** A counter of the registrar */
long attack_counter(const char *name);

/** What may not change: rows of rooms, messages, endpoints, registrations */
struct attack_state {
	long long messages, endpoints, roster, follows;
};
struct attack_state attack_look(void);
#define ck_nothing_changed(before)                                      \
	do {                                                            \
		const struct attack_state now_ = attack_look();         \
		ck_assert_int_eq(now_.messages, (before)->messages);    \
		ck_assert_int_eq(now_.endpoints, (before)->endpoints);  \
		ck_assert_int_eq(now_.roster, (before)->roster);        \
		ck_assert_int_eq(now_.follows, (before)->follows);      \
	} while (0)
