/**
 * @file webfiles/clean.h  Files go when nobody can come by them any more
 *
 * Every files.clean_s, in every process: files whose message or room is gone
 * or that were never linked (files.remove_after_h; never under a hold), what
 * was left of uploads (files.partial_s), tokens and sessions out of date.
 * Each step may be done by several processes at once, and again.
 */
#pragma once

struct clean;
struct web;

int  clean_open(struct clean **cleanp, struct web *web);
