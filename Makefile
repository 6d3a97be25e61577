# pchat: build, test, run.  "make help" lists the targets.

BUILD   ?= build
CC      ?= gcc
# V=1 shows the commands
ifeq ($(V),)
Q       := @
say      = @echo '  $(1)  $@'
else
say      = @:
endif

PKGS    := libre libpq libzmq libxml-2.0 jansson libssl libcrypto
REFLAGS := -DHAVE_INTTYPES_H -DHAVE_STDBOOL_H -DHAVE_INET6 -DUSE_OPENSSL -DUSE_TLS
CFLAGS  ?= -O2 -g
CFLAGS_ALL = -std=c11 -D_GNU_SOURCE -I. $(REFLAGS) $(shell pkg-config --cflags $(PKGS)) \
	-Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wpointer-arith -Wno-unused-parameter \
	-fno-strict-aliasing -fstack-protector-strong $(SANFLAGS) $(CFLAGS)
LIBS    = $(shell pkg-config --libs $(PKGS)) -lm

COMMON  := $(wildcard common/*.c common/*/*.c)
CHANNEL := $(filter-out channel/main.c,$(wildcard channel/*.c channel/*/*.c))
CTL     := $(filter-out deploy/ctl/main.c,$(wildcard deploy/ctl/*.c))
SUPPORT := $(wildcard tests/support/*.c)
UNIT    := $(wildcard tests/unit/*.c tests/unit/*/*.c tests/unit/*/*/*.c)
DBTEST  := $(wildcard tests/db/*.c)
SCEN    := $(wildcard tests/scenario/*.c)

obj      = $(patsubst %.c,$(BUILD)/%.o,$(1))
COMMON_O := $(call obj,$(COMMON)) $(BUILD)/sql_embedded.o

PROGS   := $(BUILD)/pchat-channel $(BUILD)/pchatctl
TESTS   := $(BUILD)/tests/unit-tests $(BUILD)/tests/db-tests $(BUILD)/tests/scenario-tests
TOOLS   := $(BUILD)/tests/load $(BUILD)/tests/floor $(BUILD)/tests/purple-client

.PHONY: all deps tests tools run stop check check-unit check-db check-scenario \
	asan lint fuzz bench conf-doc install clean help

all: $(PROGS)
tests: $(TESTS)
tools: $(TOOLS)

$(BUILD)/pchat-channel: $(call obj,channel/main.c $(CHANNEL)) $(COMMON_O)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS_ALL) -rdynamic -o $@ $^ $(LIBS)

$(BUILD)/pchatctl: $(call obj,deploy/ctl/main.c $(CTL)) $(COMMON_O)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS_ALL) -rdynamic -o $@ $^ $(LIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/%.o: $(BUILD)/%.c
	$(call say,CC)
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# Statements and migrations become rows of C tables.
$(BUILD)/sql_embedded.c: sql/embed.awk $(wildcard sql/schema/*.sql sql/statements/*.sql)
	@mkdir -p $(@D)
	$(call say,SQL)
	$(Q)awk -f sql/embed.awk $(sort $(wildcard sql/schema/*.sql)) \
		$(sort $(wildcard sql/statements/*.sql)) > $@.tmp && mv $@.tmp $@

# ------------------------------------------------------------------- tests

$(BUILD)/tests/unit-tests: $(call obj,$(UNIT) $(CHANNEL)) $(COMMON_O)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS_ALL) -rdynamic -o $@ $^ $(LIBS) $(CHECK_LIBS)

$(BUILD)/tests/db-tests: $(call obj,$(DBTEST) $(CTL) tests/support/store.c) $(COMMON_O)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS_ALL) -rdynamic -o $@ $^ $(LIBS) $(CHECK_LIBS)

$(BUILD)/tests/scenario-tests: $(call obj,$(SCEN) $(SUPPORT)) $(COMMON_O)
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS_ALL) -rdynamic -o $@ $^ $(LIBS) $(CHECK_LIBS)

$(BUILD)/tests/purple-client: $(call obj,$(wildcard tests/purple/*.c))
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS_ALL) -rdynamic -o $@ $^ $(shell pkg-config --libs purple glib-2.0) -lxml2 -ldl

CFLAGS_purple = $(shell pkg-config --cflags purple glib-2.0)

$(BUILD)/tests/purple/%.o: tests/purple/%.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CFLAGS_ALL) $(CFLAGS_purple) -MMD -MP -c -o $@ $<

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
