# Jangbu. `make help` lists what can be done.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
N ?= 1000
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

.DEFAULT_GOAL := setup
.PHONY: setup dev-setup demo dev test test-long pictures check bench lock clean help

setup: $(VENV)/.run ## everything needed to run (default)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Jangbu needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing (on Debian: apt install python3-venv)"; exit 1; }

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing what Jangbu needs into $(VENV) …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
	@echo "ready: $(BIN)/jangbu --help"

dev-setup: $(VENV)/.dev

$(VENV)/.dev: requirements/dev.txt pyproject.toml $(VENV)/.run
	@echo "installing what tests need …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

demo: setup ## a minute with two marketplaces on this machine, and the report
	@$(BIN)/jangbu demo

dev: dev-setup ## a sandbox and a hub that stay, to look around in
	@$(BIN)/jangbu demo --seconds 10 --rate 0.5

test: dev-setup ## all tests (what CI runs)
	@$(PYTEST) -q -m "not long"

test-long: dev-setup ## thousands of kills and worlds; N=1000
	@JANGBU_TEST_N=$(N) $(PYTEST) -q -m long --timeout 3600

pictures: dev-setup ## a picture of every page, ko and en, desktop and phone, in pictures/
	@$(BIN)/python -m tests.app.web.pictures pictures

check: dev-setup ## ruff, mypy --strict, import contracts
	@$(BIN)/ruff check src tests bench
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: dev-setup ## measure; prints rows for bench/RESULTS.md
	@for script in bench/*.py; do echo "== $$script"; $(BIN)/python $$script; done

lock: ## write the lock files anew
	@$(BIN)/uv pip compile pyproject.toml --extra hub --extra sandbox --group build --universal --generate-hashes --no-emit-index-url --no-header -q -o requirements/run.txt
	@$(BIN)/uv pip compile pyproject.toml --extra hub --extra sandbox --group build --group dev --universal --generate-hashes --no-emit-index-url --no-header -q -o requirements/dev.txt

clean: ## forget everything built here
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14
