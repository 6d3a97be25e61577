/**
 * @file channel/relay_in.h  News from the other instances
 */
#pragma once

struct pl;

/** The bus_h of a channel process; @p arg is the service */
void relay_handler(const struct pl *topic, const struct pl *body, void *arg);
