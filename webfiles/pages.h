/**
 * @file webfiles/pages.h  The pages, as they are in the program
 */
#pragma once

#include <stddef.h>

struct page {
	const char *name;          /* "app.css"                              */
	const char *text;
};

extern const struct page pagev[];
extern const size_t pagec;
