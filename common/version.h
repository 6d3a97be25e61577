/**
 * @file common/version.h  What this build calls itself
 */
#pragma once

#ifndef PCHAT_VERSION
#define PCHAT_VERSION "0.1.0"
#endif
