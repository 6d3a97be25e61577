/**
 * @file compliance/adapter/filetype.h  The media type of a file
 */
#pragma once

/** By the extension of its name; application/octet-stream when unknown */
const char *filetype(const char *name);
