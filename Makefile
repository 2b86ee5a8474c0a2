# Venturi's commands. On a fresh machine two are enough: `make run` and `make test`.
# Both install what is missing, build, and fetch the default model.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Where models are kept; the program reads the same variable.
export VENTURI_HOME ?= $(HOME)/.cache/venturi

# One set of flags for building and testing: another set, or another configuration, rebuilds everything.
BUILD := swift build -c release --explicit-target-dependency-import-check error
TEST := swift test -c release --skip-build --disable-xctest
BIN := .build/release/venturi
export VENTURI := $(CURDIR)/$(BIN)

MODEL ?= smollm2
PROMPT ?= Why does water flow faster where a pipe is narrow?
MAX_TOKENS ?= 96
# Anything else for the verb, e.g. `make run ARGS="--temp 0 --json"`.
ARGS ?=

LINTED := Package.swift Sources Tests Scripts $(wildcard examples Benchmarks)

##@ First
.PHONY: run test examples
run: build model ## Answer PROMPT with the default model
	@$(BIN) run "$(PROMPT)" -m "$(MODEL)" --max-tokens $(MAX_TOKENS) $(ARGS)

test: setup ## Build and run the whole suite: unit tests, laws, integration scripts
	@$(TEST) $(if $(FILTER),--filter $(FILTER)) 2>&1 | Scripts/closing-line
	@$(if $(FILTER),:,Scripts/integration)

examples: model ## Build and run the programs of examples/, packages of their own that depend on the library
	@Scripts/examples

##@ Building
.PHONY: setup packages-run packages-atlas packages-train packages-test packages-soak cases clients build build-serve serve build-train build-atlas build-tests model clean
setup: packages-test cases clients build-tests model ## Install what is missing for building, running and testing

packages-run:
	@Scripts/packages run >&2

packages-atlas:
	@Scripts/packages run atlas >&2

packages-train:
	@Scripts/packages run train >&2

packages-test:
	@Scripts/packages run test >&2

packages-soak:
	@Scripts/packages run atlas train test soak >&2

# What tests compare with and may not be copied: tokenizers' vocabularies, chat templates, ONNX cases.
cases: packages-run
	@Scripts/cases

# The client libraries with which the server is tested.
clients: packages-test
	@Scripts/clients

build: packages-run ## Build the command in release mode
	@$(BUILD) --product venturi >&2
	@$(BUILD) --product venturi-hub >&2
	@$(BUILD) --product venturi-plan >&2

serve: build-serve model ## Serve the default model to clients of the OpenAI interface; make serve ARGS="--port 9000"
	@$(BIN) serve -m "$(MODEL)" $(ARGS)

build-serve: build
	@$(BUILD) --product venturi-serve >&2

build-train: packages-train build ## Build the trainer too: venturi train examples/fashion-mnist.yaml
	@$(BUILD) --product venturi-train >&2

build-atlas: packages-atlas build ## Build the reproductions too: venturi reproduce, venturi results
	@$(BUILD) --product venturi-atlas >&2

build-tests: packages-atlas packages-train
	@$(BUILD) --build-tests >&2

# The pull is skipped by the program itself when the model is there and whole.
model: $(if $(filter test setup,$(MAKECMDGOALS)),build-tests,build)
	@$(BIN) pull smollm2 >&2
	@$(if $(filter test setup,$(MAKECMDGOALS)),$(BIN) pull minilm >&2 && $(BIN) pull fashion-mnist >&2 \
		&& for data in digits iris wine breast-cancer diabetes; do $(BIN) pull $$data >&2 || exit 1; done,:)

clean: ## Remove build products; downloaded models stay
	@rm -rf .build .build-* docs

##@ Checking
.PHONY: lint docs fuzz soak
lint: ## Formatting, layers, forbidden things, C warnings
	@Scripts/lint

docs: ## Build the documentation, warnings as errors, into docs/
	@Scripts/docs

fuzz: ## Fuzz every parser and the whole loader (RUNS=100000 inputs each; TARGETS names some)
	@Scripts/fuzz

soak: packages-soak ## The suite in debug mode, under the address and thread sanitizers, and the server's long rows (MODES, ROWS)
	@Scripts/soak

##@ Measuring
.PHONY: peers bench results
peers: ## Install the pinned peers in a private environment
	@Benchmarks/peers/setup.sh

BENCH ?= bench model --against llama.cpp,openvino -m "$(MODEL)" -t 1,2 -p 64,512 -n 128 --depth 0,2048 --json
bench: build-atlas model ## Measure beside the installed peers; another verb: make bench BENCH="bench gemm --against torch --json"
	@$(BIN) $(BENCH) | tee .build/bench.json
	@$(BIN) results --record .build/bench.json

results: build-atlas ## Write RESULTS.md, its pictures and results.json from what was measured
	@$(BIN) results

##@ Help
.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "%s%s\n", sep, substr($$0, 5); sep = "\n" } \
	  /^[a-z-]+:.*## / { sub(/:.*/, "", $$1); printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
