# pchat: build, test, run.  "make help" lists the targets.

BUILD   ?= build
# The same from the root, also where a folder's name has blanks
FULL     = $(if $(filter /%,$(BUILD)),,$(CURDIR)/)$(BUILD)
CC      ?= gcc
# V=1 shows the commands
ifeq ($(V),)
Q       := @
say      = @echo '  $(1)  $@'
else
say      = @:
endif

PKGS    := libre libpq libzmq libxml-2.0 libxslt libcurl jansson libssl libcrypto
REFLAGS := -DHAVE_INTTYPES_H -DHAVE_STDBOOL_H -DHAVE_INET6 -DUSE_OPENSSL -DUSE_TLS
CFLAGS  ?= -O2 -g
ARCH    := $(shell uname -m)
# Not with the checkers, which have their own; fortify wants optimization.
HARDEN   = -fPIE -fstack-protector-strong -fstack-clash-protection \
	$(if $(filter x86_64,$(ARCH)),-fcf-protection) $(if $(SANFLAGS),,$(if \
	$(filter -O1 -O2 -O3 -Os,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3))
LDHARDEN = -pie -Wl,-z,relro,-z,now,-z,noexecstack
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS))
PKG_LIBS := $(shell pkg-config --libs $(PKGS))
CFLAGS_ALL = -std=c11 -D_GNU_SOURCE -I. $(REFLAGS) $(PKG_CFLAGS) \
	-Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wpointer-arith -Wno-unused-parameter \
	-fno-strict-aliasing $(HARDEN) $(SANFLAGS) $(CFLAGS)
LIBS    = $(LDHARDEN) -Wl,--as-needed $(PKG_LIBS) -lm
LDAP_LIBS := $(shell pkg-config --libs ldap)
CHECK_LIBS = $(shell pkg-config --libs check)

COMMON  := $(filter-out common/ldapconn.c,$(wildcard common/*.c common/*/*.c))
CHANNEL := $(filter-out channel/main.c,$(wildcard channel/*.c channel/*/*.c))
WEB     := $(filter-out webfiles/main.c,$(wildcard webfiles/*.c webfiles/*/*.c))
WEB_LIBS := $(shell pkg-config --libs libmicrohttpd gnutls) $(LDAP_LIBS) -lpthread
COMPLIANCE := $(filter-out compliance/main.c,$(wildcard compliance/*.c compliance/*/*.c))
CTL     := $(filter-out deploy/ctl/main.c,$(wildcard deploy/ctl/*.c))
SUPPORT := $(wildcard tests/support/*.c)
UNIT    := $(wildcard tests/unit/*.c tests/unit/*/*.c)
DBTEST  := tests/unit/main.c tests/unit/suite.c $(wildcard tests/db/*.c)
SCEN    := tests/unit/suite.c $(wildcard tests/scenario/*.c)
SOURCES  = $(shell git ls-files '*.c' '*.h')

obj      = $(patsubst %.c,$(BUILD)/%.o,$(1))
COMMON_O := $(call obj,$(COMMON)) $(BUILD)/sql_embedded.o
COMPLY_O := $(call obj,$(COMPLIANCE)) $(BUILD)/sql_compliance.o
WEB_O    := $(call obj,$(WEB) common/ldapconn.c) $(BUILD)/pages_embedded.o
CTL_O    := $(call obj,$(CTL) common/ldapconn.c) $(COMPLY_O)

DAEMONS := pchat-channel pchat-compliance pchat-webfiles
PROGS   := $(DAEMONS:%=$(BUILD)/%) $(BUILD)/pchatctl
TESTS   := $(BUILD)/tests/unit-tests $(BUILD)/tests/db-tests $(BUILD)/tests/scenario-tests \
	$(BUILD)/tests/differ-tests
TOOLS   := $(BUILD)/tests/load $(BUILD)/tests/floor $(BUILD)/tests/adapters $(BUILD)/tests/purple-client $(BUILD)/tests/person
FUZZ    := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ    := $(if $(T),$(foreach t,$(FUZZ),$(if $(findstring $(T),$(t)),$(t))),$(FUZZ))

.PHONY: all tests tools deps run stop check check-unit check-db check-scenario \
	check-web check-conf check-elf check-units check-fuzz check-differ fuzz fuzz-keep chaos asan lint bench bench-web conf-doc install clean help

.SECONDARY:

all: $(PROGS)
tests: $(TESTS)
tools: $(TOOLS)

$(BUILD)/pchat-channel: $(call obj,channel/main.c $(CHANNEL)) $(COMMON_O)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS_ALL) -rdynamic -o $@ $^ $(LIBS)

$(BUILD)/pchat-webfiles: $(call obj,webfiles/main.c) $(WEB_O) $(COMMON_O)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS_ALL) -rdynamic -o $@ $^ $(LIBS) $(WEB_LIBS)

$(BUILD)/pchat-compliance: $(call obj,compliance/main.c) $(COMPLY_O) $(COMMON_O)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS_ALL) -rdynamic -o $@ $^ $(LIBS)

$(BUILD)/pchatctl: $(call obj,deploy/ctl/main.c) $(CTL_O) $(COMMON_O)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS_ALL) -rdynamic -o $@ $^ $(LIBS) $(LDAP_LIBS)

$(BUILD)/%.o: %.c
	$(Q)mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/%.o: $(BUILD)/%.c
	$(call say,CC)
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# Statements and migrations become rows of C tables.
$(BUILD)/sql_embedded.c: sql/embed.awk sql/fit.sql $(wildcard sql/schema/*.sql sql/statements/*.sql sql/rights/*)
	$(Q)mkdir -p $(@D)
	$(call say,SQL)
	$(Q)awk -v set=store -f sql/embed.awk $(sort $(wildcard sql/schema/*.sql)) \
		$(sort $(wildcard sql/statements/*.sql)) sql/rights/plan.sql sql/fit.sql \
		sql/rights/store.txt > $@.tmp && mv $@.tmp $@

$(BUILD)/pages_embedded.c: webfiles/embed.awk $(wildcard webfiles/pages/*) webfiles/openapi.json
	$(Q)mkdir -p $(@D)
	$(call say,PAGES)
	$(Q)awk -f webfiles/embed.awk $(filter-out %.awk,$^) > $@.tmp && mv $@.tmp $@

$(BUILD)/sql_compliance.c: sql/embed.awk sql/fit.sql $(wildcard sql/archive/*/*.sql sql/rights/*)
	$(Q)mkdir -p $(@D)
	$(call say,SQL)
	$(Q)awk -v set=compliance -f sql/embed.awk $(sort $(wildcard sql/archive/schema/*.sql)) \
		$(sort $(wildcard sql/archive/statements/*.sql)) sql/rights/plan.sql sql/fit.sql \
		sql/rights/archive.txt > $@.tmp && mv $@.tmp $@

# ---------------------------------------------------------- test programs

link = $(Q)mkdir -p $(@D) && $(CC) $(CFLAGS_ALL) -rdynamic -o $@ $(filter %.o,$^)

$(BUILD)/tests/unit-tests: $(call obj,$(UNIT) $(CHANNEL) tests/support/proc.c tests/support/wait.c) $(WEB_O) $(COMPLY_O) $(COMMON_O)
	$(call say,LD)
	$(link) $(LIBS) $(WEB_LIBS) $(CHECK_LIBS)

$(BUILD)/tests/db-tests: $(call obj,$(DBTEST) $(SUPPORT)) $(CTL_O) $(COMMON_O)
	$(call say,LD)
	$(link) $(LIBS) $(LDAP_LIBS) $(CHECK_LIBS)

$(BUILD)/tests/differ-tests: $(call obj,$(wildcard tests/differ/*.c) $(CHANNEL)) $(COMMON_O)
	$(call say,LD)
	$(link) $(LIBS)

$(BUILD)/tests/scenario-tests: $(call obj,$(SCEN) $(SUPPORT)) $(BUILD)/sql_compliance.o $(COMMON_O)
	$(call say,LD)
	$(link) $(LIBS) $(CHECK_LIBS)

$(BUILD)/tests/purple-client: $(call obj,$(wildcard tests/purple/*.c))
	$(call say,LD)
	$(link) $(shell pkg-config --libs purple glib-2.0 libxml-2.0) -ldl

$(BUILD)/tests/purple/%.o: CFLAGS_ALL += $(shell pkg-config --cflags purple glib-2.0)

$(BUILD)/tests/load: $(call obj,$(filter-out %/floor.c %/adapters.c %/web.c,$(wildcard tests/bench/*.c)) $(SUPPORT)) $(BUILD)/sql_compliance.o $(COMMON_O)
	$(call say,LD)
	$(link) $(LIBS)

$(BUILD)/tests/person: $(call obj,tests/web/person.c $(SUPPORT)) $(BUILD)/sql_compliance.o $(COMMON_O)
	$(call say,LD)
	$(link) $(LIBS)

$(BUILD)/tests/floor: $(call obj,tests/bench/floor.c)
	$(call say,LD)
	$(link) $(LIBS)

$(BUILD)/tests/web-bench: $(call obj,tests/bench/web.c $(SUPPORT)) $(BUILD)/sql_compliance.o $(COMMON_O)
	$(call say,LD)
	$(link) $(LIBS)

$(BUILD)/tests/adapters: $(call obj,tests/bench/adapters.c) $(COMPLY_O) $(COMMON_O)
	$(call say,LD)
	$(link) $(LIBS)

# ------------------------------------------------------------ fuzz targets

# libFuzzer: clang, and objects of its own with the checkers.  A target takes
# from the library what it needs.
FUZZ_CC  ?= clang
FUZZ_OBJ := $(BUILD)/fuzz/obj
FUZZ_SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_FLAGS = $(filter-out $(HARDEN) $(SANFLAGS) $(CFLAGS),$(CFLAGS_ALL)) \
	-Wno-gnu-variable-sized-type-not-at-end -O1 -gline-tables-only -fno-omit-frame-pointer $(FUZZ_SAN)
FUZZ_LIB := $(patsubst %.c,$(FUZZ_OBJ)/%.o,$(COMMON) common/ldapconn.c $(CHANNEL) \
	$(WEB) $(COMPLIANCE) $(CTL) tests/fuzz/fuzz.c tests/fuzz/sipclient.c) \
	$(addprefix $(FUZZ_OBJ)/,sql_embedded.o sql_compliance.o pages_embedded.o)

$(FUZZ_OBJ)/%.o: %.c
	$(Q)mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(FUZZ_OBJ)/%.o: $(BUILD)/%.c
	$(call say,CC)
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

$(FUZZ_OBJ)/libpchat.a: $(FUZZ_LIB)
	$(call say,AR)
	$(Q)rm -f $@ && ar rcs $@ $^

# Routes are known by their constructors alone.
$(BUILD)/fuzz/http: $(WEB:%.c=$(FUZZ_OBJ)/%.o)

$(BUILD)/fuzz/%: $(FUZZ_OBJ)/tests/fuzz/fuzz_%.o $(FUZZ_OBJ)/libpchat.a
	$(call say,LD)
	$(Q)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(filter %.a,$^) -Wl,--as-needed \
		$(PKG_LIBS) -lm $(WEB_LIBS)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---------------------------------------------------------------- targets

# What is installed already is left alone.
deps:
	$(Q)deploy/dev/deps deploy/packages

# As many jobs as there are cores, unless told otherwise
JOBS = $(if $(findstring j,$(filter-out --%,$(MAKEFLAGS))),,-j$(shell nproc))

run:
	$(Q)deploy/dev/deps deploy/packages build run show
	+$(Q)$(MAKE) $(if $(V),,-s) --no-print-directory $(JOBS) all $(BUILD)/tests/purple-client
	$(Q)deploy/dev/show

stop:
	$(Q)deploy/dev/pool down --dir $(BUILD)/pool

check: deps
	+$(Q)$(MAKE) --no-print-directory $(JOBS) all tests tools
	$(Q)$(MAKE) --no-print-directory check-unit check-db check-conf check-elf check-fuzz check-differ check-scenario check-web

check-unit: $(BUILD)/tests/unit-tests
	$(Q)$<

check-db: $(BUILD)/tests/db-tests $(BUILD)/pchat-webfiles
	$(Q)$<

check-scenario: all tests $(BUILD)/tests/purple-client
	$(Q)PCHAT_BUILD="$(FULL)" PCHAT_PURPLE="$(FULL)/tests/purple-client" \
		$(BUILD)/tests/scenario-tests

check-web: all $(BUILD)/tests/person
	$(Q)PCHAT_BUILD="$(FULL)" tests/web/run

# What the compiler and linker were asked for is in the programs.
check-elf: all
	$(Q)tests/elf $(PROGS)

# The units, looked at and (as root) started under a systemd of their own.
check-units: all
	$(Q)tests/units $(BUILD)

# The sample that is shipped is the one that the key table makes; Kamailio reads
# its own.
check-conf: all
	$(Q)d=$$(mktemp -d) && cp deploy/kamailio/* $$d && \
		cp $$d/local.cfg.sample $$d/kamailio-local.cfg && \
		{ PATH=$$PATH:/usr/sbin kamailio -c -f $$d/kamailio.cfg >$$d/log 2>&1 || \
		{ cat $$d/log; rm -r $$d; exit 1; }; } && rm -r $$d
	$(Q)for d in $(DAEMONS); do $(BUILD)/$$d --sample | \
		diff -u deploy/conf/$$d.conf - || exit 1; done
	$(Q)$(BUILD)/pchatctl sync ldap --sample | diff -u deploy/conf/pchat-ldap.conf -

S ?= 60
check-fuzz fuzz: $(FUZZ:%=$(BUILD)/fuzz/%)
	$(Q)tests/fuzz/run $(BUILD)/fuzz $(if $(filter check-fuzz,$@),15,$(S)) $(FUZZ)

# What fuzz found and the corpora do not reach yet, added to them
fuzz-keep: $(FUZZ:%=$(BUILD)/fuzz/%)
	$(Q)for t in $(FUZZ); do mkdir -p $(BUILD)/fuzz/new/$$t && \
		$(BUILD)/fuzz/$$t -set_cover_merge=1 -use_counters=0 tests/fuzz/corpus/$$t \
		$(BUILD)/fuzz/new/$$t 2>&1 | grep MERGE-OUTER; done

# The registrar and the pool read the same bytes.
check-differ: $(BUILD)/tests/differ-tests
	$(Q)$<

# An archive whose pool is wrecked for so many seconds: also a short one in
# check-scenario.
chaos: all tests
	$(Q)PCHAT_BUILD="$(FULL)" PCHAT_CHAOS_S=$(S) T=chaos \
		$(BUILD)/tests/scenario-tests

# Everything again with the address and undefined-behaviour checkers: built
# with as many jobs as asked for, tested one after another.
ASAN = $(MAKE) --no-print-directory BUILD=$(BUILD)/asan \
	CFLAGS="-O1 -g -fno-omit-frame-pointer" \
	SANFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=undefined"
asan:
	+$(Q)$(ASAN) all tests
	+$(Q)$(ASAN) -j1 check-unit check-db check-scenario

lint:
	$(Q)cppcheck --quiet --std=c11 --enable=warning,performance,portability \
		--inline-suppr --suppressions-list=.cppcheck --error-exitcode=1 -j 2 \
		--include=.cppcheck.h -I. $(filter %.c,$(SOURCES))
	$(Q)printf '%s\n' $(filter-out tests/purple/%,$(filter %.c,$(SOURCES))) | \
		xargs -P 2 -n 8 sh -c 'clang-tidy --quiet "$$@" -- $(CFLAGS_ALL) 2>/dev/null || exit 1' lint

bench: all $(BUILD)/tests/load $(BUILD)/tests/floor
	$(Q)PCHAT_BUILD="$(FULL)" tests/bench/run

bench-web: all $(BUILD)/tests/web-bench
	$(Q)PCHAT_BUILD="$(FULL)" tests/bench/web

conf-doc: all
	$(Q)mkdir -p $(BUILD)/doc
	$(Q)for d in $(DAEMONS); do \
		$(BUILD)/$$d --man > $(BUILD)/doc/$$d.conf.5 && \
		$(BUILD)/$$d --sample > deploy/conf/$$d.conf || exit 1; done
	$(Q)$(BUILD)/pchatctl sync ldap --sample > deploy/conf/pchat-ldap.conf

PREFIX ?= /usr/local
install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin \
		$(DESTDIR)$(PREFIX)/include/pchat $(DESTDIR)$(PREFIX)/share/doc/pchat \
		$(DESTDIR)$(PREFIX)/share/pchat/compliance $(DESTDIR)$(PREFIX)/share/man/man5 \
		$(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/lib/sysusers.d
	install -m 755 $(DAEMONS:%=$(BUILD)/%) $(DESTDIR)$(PREFIX)/sbin
	install -m 755 $(BUILD)/pchatctl $(DESTDIR)$(PREFIX)/bin
	install -m 644 deploy/conf/*.conf deploy/kamailio/* $(DESTDIR)$(PREFIX)/share/pchat
	install -m 644 deploy/systemd/pchat.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/pchat.conf
	install -m 644 deploy/compliance/* $(DESTDIR)$(PREFIX)/share/pchat/compliance
	install -m 644 compliance/adapter.h $(DESTDIR)$(PREFIX)/include/pchat
	install -m 644 compliance/FORMAT.md $(DESTDIR)$(PREFIX)/share/doc/pchat/archive-format.md
	for d in operate compliance web xccos-extensions; do \
		sed 's|../compliance/FORMAT.md|archive-format.md|' deploy/$$d.md \
			> $(DESTDIR)$(PREFIX)/share/doc/pchat/$$d.md || exit 1; done
	for d in $(DAEMONS); do \
		sed 's|@PREFIX@|$(PREFIX)|' deploy/systemd/$$d@.service \
			> $(DESTDIR)$(PREFIX)/lib/systemd/system/$$d@.service && \
		$(BUILD)/$$d --man > $(DESTDIR)$(PREFIX)/share/man/man5/$$d.conf.5 || exit 1; done

clean:
	rm -rf $(BUILD)

help:
	@echo 'make            build into build/'
	@echo 'make run        install what is missing, build, show a private pool of two; make stop'
	@echo 'make check      the same preparation, then all tests; T=pattern for suites that match'
	@echo '                (check-unit, check-db, check-scenario, check-web, check-conf, check-elf,'
	@echo '                check-fuzz, check-differ: parts of it)'
	@echo 'make check-units  the systemd units, started under a systemd of their own (root)'
	@echo 'make asan       all tests with the address and undefined-behaviour checkers'
	@echo 'make lint       cppcheck and clang-tidy'
	@echo 'make fuzz S=60  all that reads input from outside under libFuzzer (clang), seconds for'
	@echo '                each target; T=sip; make fuzz-keep adds what it found to the corpora'
	@echo 'make chaos S=60  an archive whose pool is killed and broken all the time'
	@echo 'make bench      the load program against a pool, and against the floor'
	@echo 'make bench-web  files through the web service, beside what the machine can do'
	@echo 'make conf-doc   manual page and sample from the key tables'
	@echo 'make install    PREFIX and DESTDIR as everywhere'
