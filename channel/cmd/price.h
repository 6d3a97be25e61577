/**
 * @file channel/cmd/price.h  What a document costs its sender
 *
 * The weights are columns of the command table.  Spec: channel/rate.h.
 */
#pragma once

struct endpoint;
struct st;
struct xccos;

/** Pay for a document.  @return false: it cannot be paid for, and st is
 *  answered */
bool price_pay(struct endpoint *ep, struct st *st, const struct xccos *doc);
