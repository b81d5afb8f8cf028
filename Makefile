# `make help` lists the targets.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

comma := ,
BUILD := build
# One folder a flavour: build/, build/sanitize-address-undefined/, ...
OUT := $(BUILD)$(if $(SANITIZE),/sanitize-$(subst $(comma),-,$(SANITIZE)))

ifeq ($(origin CC),default)
CC := gcc
endif
CFLAGS ?= -O2 -g
PACKAGES := libmicrohttpd gnutls libwebsockets libmnl libpcap inih jansson libssl libcrypto cmocka

# help, clean and format need nothing, these the compiler only, everything else the libraries too.
LESSON_GOALS := learn test-flaky solutions $(OUT)/learn $(OUT)/lessons/%
goals := $(filter-out help clean format,$(or $(MAKECMDGOALS),all))
ifneq ($(goals),)
ifneq ($(shell command -v $(firstword $(CC)) >/dev/null || echo no),)
$(error $(firstword $(CC)) is missing: run scripts/with-deps $(strip make $(MAKECMDGOALS)))
endif
endif
ifneq ($(filter-out $(LESSON_GOALS),$(goals)),)
missing := $(shell command -v pkg-config >/dev/null || echo pkg-config)
ifeq ($(strip $(missing)),)
missing := $(foreach package,$(PACKAGES),$(shell pkg-config --exists $(package) || echo $(package)))
# It has no pkg-config file.
missing += $(shell echo '\#include <wslay/wslay.h>' | $(CC) -E - >/dev/null 2>&1 || echo libwslay)
endif
ifneq ($(strip $(missing)),)
$(error $(firstword $(missing)) is missing: run scripts/with-deps $(strip make $(MAKECMDGOALS)))
endif
PACKAGE_CFLAGS := $(shell pkg-config --cflags $(PACKAGES))
LDLIBS := $(shell pkg-config --libs $(filter-out cmocka,$(PACKAGES))) -lev -lm
TEST_LIBS := $(shell pkg-config --libs cmocka)
endif

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wvla
FLAGS := -std=c11 -D_GNU_SOURCE $(PACKAGE_CFLAGS) $(WARNINGS)
ifneq ($(SANITIZE),)
SANITIZERS := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
# GCC's shared libubsan has memory that every process's search for leaks looks through.
LDFLAGS += $(if $(findstring clang,$(CC)),,-static-libubsan)
endif
COMPILE = $(CC) $(FLAGS) $(CFLAGS) $(SANITIZERS)
LESSON_COMPILE = $(CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) $(CFLAGS) $(SANITIZERS)
LINK = $(CC) $(CFLAGS) $(SANITIZERS) $(LDFLAGS)

# cell_*.c are parts of transports/cells_test.
sources = $(sort $(shell find $(1) -name '*.c' ! -name '*_test.c' ! -name '*_fuzz.c' \
	! -name 'cell_*.c'))
tests = $(sort $(shell find $(1) -name '*_test.c'))
objects = $(patsubst %.c,$(OUT)/obj/%.o,$(1))

SERVE := transports/serve.c transports/serve_options.c
# feed.c replaces malloc in test programs, so it is in no archive.
TRANSPORTS := $(call objects,$(filter-out $(SERVE) transports/feed.c,\
	$(call sources,transports)))
MAIN := $(wildcard bench/main*.c)
BENCH := $(call objects,$(filter-out $(MAIN),$(call sources,bench)))
ARCHIVES := $(OUT)/libbench.a $(OUT)/libtransports.a
PROGRAMS := $(OUT)/serve $(OUT)/bench
FEED := $(call objects,$(wildcard transports/feed.c))
TEST_OBJECTS := $(call objects,$(call tests,transports bench lessons))
CELL_OBJECTS := $(call objects,$(sort $(shell find transports -name 'cell_*.c')))
TESTS := $(patsubst $(OUT)/obj/%.o,$(OUT)/tests/%,$(TEST_OBJECTS))
LESSON_TESTS := $(filter $(OUT)/tests/lessons/%,$(TESTS))
CERTS := $(OUT)/certs/ca.pem
TEST_SCRIPTS := $(sort $(shell find transports bench lessons scripts -name '*_test.sh'))
OBJECTS := $(TRANSPORTS) $(BENCH) $(TEST_OBJECTS) $(CELL_OBJECTS) $(FEED) \
	$(call objects,$(SERVE) $(MAIN))

# Lessons are built without any package: a program that shows (lesson), and one that checks each
# answer there is (exercise.c, solution.c, wrong/NAME.c). What else lies in a lesson's folder is
# part of all its programs.
#
# The lesson on TLS alone uses a library. Where there is no OpenSSL to link with, or OPENSSL=no is
# given, what lies in the lesson's folder missing/ stands for what needs it: then the lesson shows a
# recording, and its checks say what is missing.
HASH := \#
TLS_LESSON := lessons/09-wss
ifneq ($(goals),)
ifneq ($(OPENSSL),no)
HAS_OPENSSL := $(shell program=$$(mktemp) || exit; \
	printf '%s\n' '$(HASH)include <openssl/ssl.h>' \
		'int main(void) { return SSL_CTX_set_num_tickets(0, 0); }' | \
	$(CC) $(CFLAGS) $(LDFLAGS) -x c - -x none -lssl -lcrypto -o "$$program" 2>/dev/null && \
	echo yes; rm -f "$$program")
endif
ifeq ($(HAS_OPENSSL),)
LEFT_OUT := $(addprefix $(TLS_LESSON)/,session.c certificates.c)
endif
endif
STAGE := $(call objects,$(call sources,lessons/stage))
LEARN := $(call objects,$(filter-out %_test.c lessons/learn.c,\
	$(wildcard lessons/*.c lessons/quiz/*.c)))
LESSONS := $(wildcard lessons/[0-9]*/lesson.c)
ANSWERS := $(foreach check,$(wildcard lessons/[0-9]*/check.c),\
	$(wildcard $(addprefix $(dir $(check)),exercise.c solution.c wrong/*.c)))
checker = $(patsubst %.c,$(OUT)/%,$(subst /exercise.,/check.,$(subst /solution.,/check-solution.,\
	$(subst /wrong/,/check-wrong-,$(1)))))
lesson_parts = $(filter-out %/lesson.c %/exercise.c %/solution.c %/check.c %_test.c $(LEFT_OUT),\
	$(wildcard $(1)*.c $(if $(LEFT_OUT),$(1)missing/session.c)))
check_parts = $(if $(and $(LEFT_OUT),$(wildcard $(2)missing/check.c)),$(2)missing/check.c,\
	$(1) $(2)check.c $(call lesson_parts,$(2)))
LESSON_PROGRAMS := $(LESSONS:%.c=$(OUT)/%) $(call checker,$(ANSWERS))
SOLUTIONS := $(filter %/check-solution,$(LESSON_PROGRAMS))
LESSON_SOURCES := $(LESSONS) $(ANSWERS) $(TLS_LESSON)/missing/check.c \
	$(wildcard lessons/[0-9]*/check.c lessons/learn.c) \
	$(foreach lesson,$(LESSONS),$(call lesson_parts,$(dir $(lesson))))
LESSON_OBJECTS := $(STAGE) $(LEARN) $(call objects,$(sort $(LESSON_SOURCES)))
LEARN_PROGRAM := $(if $(wildcard lessons/learn.c),$(OUT)/learn)

# Fuzz targets are linked with what they need of the library, built once more, so that the fuzzer
# sees which branches an input takes.
FUZZ := $(BUILD)/fuzz
FUZZ_SANITIZERS := address,undefined -fno-sanitize-recover=all
FUZZERS := $(patsubst %.c,$(FUZZ)/%,$(sort $(shell find transports -name '*_fuzz.c')))
FUZZED := $(filter transports/http% %/wire.c $(patsubst %,transports/%.c,\
	base64 bytes hub message ndjson),$(call sources,transports))
FUZZED_OBJECTS := $(patsubst %.c,$(FUZZ)/obj/%.o,$(FUZZED))
FUZZ_OBJECTS := $(FUZZERS:$(FUZZ)/%=$(FUZZ)/obj/%.o) $(FUZZED_OBJECTS)

REFERENCE := first-look matrix stacks tls up reconnect latency-vs-delay longpoll-rate \
	longpoll-unbatched polling-interval payload headers poll-traffic idle fan-out loss links \
	resume rate batching connect slow-reader browser-limit

V ?= 0
ifeq ($(V),0)
QUIET := @
say = @printf '  %-5s %s\n' $(1) $(2);
endif

.PHONY: all tests test test-flaky learn solutions check fuzz bench reference clean format flags \
	help FORCE

all: $(PROGRAMS) $(CERTS) ## build build/serve, build/bench and test certificates (the default)

# lessons/lessons_test.sh builds the lessons with sanitizers itself.
tests: $(TESTS) $(if $(SANITIZE),$(LEARN_PROGRAM),learn) ## build the test programs without running them

learn: $(LEARN_PROGRAM) $(LESSON_PROGRAMS) ## build the lessons, which need no library
	$(if $(filter learn,$(MAKECMDGOALS)),@echo 'Now: $(OUT)/learn')

# lessons/lessons_test.sh builds them with other compilers.
solutions: $(SOLUTIONS)

# The test of the cells takes longest, and waits most of that: its parts run side by side.
CELLS_TEST := $(OUT)/tests/transports/cells_test
CELL_PARTS := $(foreach part,1/4 2/4 3/4 4/4,'$(abspath $(CELLS_TEST))$(HASH)$(part)')

test: all tests ## run every test; the last line is "N passed, N failed"
	@BUILD=$(abspath $(OUT)) NODE_PATH=$(abspath $(BUILD))/interop/node_modules \
		scripts/test $(CELL_PARTS) $(abspath $(filter-out $(CELLS_TEST),$(TESTS))) $(TEST_SCRIPTS)

test-flaky: $(SOLUTIONS) ## check every lesson's solution ROUNDS=100 times
	@scripts/flaky $(or $(ROUNDS),100) \
		$(filter-out $(if $(LEFT_OUT),$(OUT)/$(TLS_LESSON)/%),$^)

check: ## formatting, static analysis and the rules of the house
	@scripts/check

fuzz: $(FUZZERS) ## feed every parser what a fuzzer makes up, FUZZ_SECONDS=20 each
	@scripts/fuzz $(FUZZERS)

bench: all ## measure first-look, print its table, draw its plots
	@$(OUT)/bench run first-look

# Exit status 1: a run was invalid, which its report shows.
reference: all ## measure again what README.md shows (under an hour; QUICK=1: under ten minutes)
	@for name in $(REFERENCE); do \
		rm -rf results/reference/$$name; \
		$(OUT)/bench run $$name $(if $(QUICK),--quick) --out results/reference/$$name || \
			[ $$? -eq 1 ] || exit; \
	done
	@scripts/readme-table
	@scripts/claims

clean: ## remove the build folder
	$(QUIET)rm -rf $(BUILD)

format: ## lay out every source file with clang-format
	$(QUIET)find transports bench lessons -name '*.[ch]' -exec clang-format -i {} +

flags: ## print the compiler flags, for other tools
	@echo $(FLAGS)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-11s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo 'V=1 shows each command, WERROR=1 makes warnings errors, CC= and CFLAGS= are yours.'
	@echo 'SANITIZE=address,undefined builds into build/sanitize-address-undefined/.'
	@echo 'BUILD=DIR builds into another folder of this tree than build/.'
	@echo 'OPENSSL=no builds the lessons as if there were none; build/learn keeps to it.'

$(OUT)/serve: $(call objects,$(SERVE)) $(ARCHIVES)
$(OUT)/bench: $(call objects,$(MAIN)) $(ARCHIVES)
$(PROGRAMS):
	$(call say,LINK,$@)$(LINK) $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS) -o $@

$(OUT)/libtransports.a: $(TRANSPORTS) $(OUT)/members
$(OUT)/libbench.a: $(BENCH) $(OUT)/members
$(ARCHIVES):
	$(call say,AR,$@)rm -f $@ && $(AR) qcs $@ $(filter %.o,$^)

$(OUT)/libstage.a: $(STAGE) $(OUT)/members
$(OUT)/liblearn.a: $(LEARN) $(OUT)/members
$(OUT)/libstage.a $(OUT)/liblearn.a:
	@mkdir -p $(@D)
	$(call say,AR,$@)rm -f $@ && $(AR) qcs $@ $(filter %.o,$^)

$(foreach lesson,$(LESSONS),$(eval $(lesson:%.c=$(OUT)/%): \
	$(call objects,$(lesson) $(call lesson_parts,$(dir $(lesson))))))
$(foreach answer,$(ANSWERS),$(foreach folder,$(patsubst %/wrong/,%/,$(dir $(answer))),\
	$(eval $(call checker,$(answer)): \
		$(call objects,$(call check_parts,$(answer),$(folder))))))
# What `learn reset` gives back where there is no git: the exercise as it was when first built.
ORIGINALS := $(patsubst %.c,$(OUT)/%.c.orig,$(wildcard lessons/[0-9]*/exercise.c))
$(ORIGINALS): $(OUT)/%.orig: | %
	@mkdir -p $(@D)
	@cp $| $@
$(filter %/check,$(LESSON_PROGRAMS)): %/check: | %/exercise.c.orig

ifneq ($(HAS_OPENSSL),)
$(filter $(OUT)/$(TLS_LESSON)/%,$(LESSON_PROGRAMS)): LESSON_LIBS = -lssl -lcrypto
endif

$(OUT)/learn: $(call objects,lessons/learn.c) $(OUT)/liblearn.a
$(LEARN_PROGRAM) $(LESSON_PROGRAMS): $(OUT)/libstage.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK) $(filter %.o,$^) $(filter %/liblearn.a,$^) $(OUT)/libstage.a -lm $(LESSON_LIBS) -o $@

$(LESSON_TESTS): $(OUT)/tests/%: $(OUT)/obj/%.o $(OUT)/liblearn.a $(OUT)/libstage.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK) $^ $(TEST_LIBS) -lm -o $@

$(filter-out $(LESSON_TESTS),$(TESTS)): $(OUT)/tests/%: $(OUT)/obj/%.o $(FEED) $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(LINK) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc \
		$(filter %.o,$^) $(ARCHIVES) $(TEST_LIBS) $(LDLIBS) -o $@

$(OUT)/tests/transports/websocket/wslay_test: TEST_LIBS += -lwslay

# It starts the server program.
$(OUT)/tests/transports/cells_test: $(CELL_OBJECTS) | $(OUT)/serve
$(addprefix $(OUT)/tests/transports/,tls_test stream_test cells_test): | $(CERTS)
$(addprefix $(OUT)/tests/bench/,connection_test sessions_test): | $(CERTS)

$(OBJECTS): $(OUT)/obj/%.o: %.c $(OUT)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(COMPILE) $(DEFINES) $(if $(WERROR),-Werror) -MMD -MP -c $< -o $@

$(LESSON_OBJECTS): $(OUT)/obj/%.o: %.c $(OUT)/lesson-flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(LESSON_COMPILE) $(DEFINES) $(if $(WERROR),-Werror) -MMD -MP -c $< -o $@

$(FUZZERS): $(FUZZ)/%: $(FUZZ)/obj/%.o $(FUZZ)/libtransports.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)clang -fsanitize=fuzzer,$(FUZZ_SANITIZERS) $^ -lwslay $(LDLIBS) -o $@

$(FUZZ)/libtransports.a: $(FUZZED_OBJECTS)
	$(call say,AR,$@)rm -f $@ && $(AR) qcs $@ $^

$(FUZZ_OBJECTS): $(FUZZ)/obj/%.o: %.c
	@command -v clang >/dev/null || \
		{ echo 'clang is missing: run scripts/with-deps --fuzz make fuzz'; exit 1; }
	@mkdir -p $(@D)
	$(call say,CC,$<)clang $(FLAGS) -O1 -g -fsanitize=fuzzer-no-link,$(FUZZ_SANITIZERS) \
		-MMD -MP -c $< -o $@

# What results say they were measured with.
$(call objects,bench/environment.c): DEFINES = \
	-DPUSHLAB_CFLAGS='"$(strip -std=c11 $(CFLAGS) $(SANITIZERS))"'

# Where build/learn lets the learner's programs be built, and how: as it was built itself.
in_tree = $(patsubst $(CURDIR)/%,%,$(abspath $(1)))
LEARN_SETTINGS = BUILD=$(call in_tree,$(BUILD)) SANITIZE=$(SANITIZE) \
	OPENSSL=$(filter no,$(OPENSSL))
LEARN_MAKER := $(call objects,lessons/learn_common.c)
$(LEARN_MAKER): DEFINES = -DLEARN_OUT='"$(call in_tree,$(OUT))"' \
	-DLEARN_SETTINGS='$(foreach setting,$(LEARN_SETTINGS),"$(setting)",)'
$(LEARN_MAKER): $(OUT)/learn-settings

# Stands for all that scripts/certs makes.
$(CERTS): scripts/certs
	$(call say,CERTS,$(@D))scripts/certs $(@D)

# These change when the compiler, its flags or the set of sources do; what needs them is then
# built again.
$(OUT)/flags: CONTENT = $(COMPILE)
$(OUT)/lesson-flags: CONTENT = $(LESSON_COMPILE)
$(OUT)/members: CONTENT = $(TRANSPORTS) $(BENCH) $(STAGE) $(LEARN) $(LEFT_OUT)
$(OUT)/learn-settings: CONTENT = $(LEARN_SETTINGS)
$(OUT)/flags $(OUT)/lesson-flags $(OUT)/members $(OUT)/learn-settings: FORCE
	@mkdir -p $(@D)
	@echo '$(CONTENT)' | cmp -s - $@ || echo '$(CONTENT)' > $@

-include $(OBJECTS:.o=.d) $(LESSON_OBJECTS:.o=.d) $(FUZZ_OBJECTS:.o=.d)
