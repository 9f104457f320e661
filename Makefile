# sp_eval: `make run` and `make test` set everything up by themselves.
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
BIN := $(VENV)/bin
export DAGSTER_DISABLE_TELEMETRY := yes

.PHONY: help run test ui check lint contract-pages contract-release fuzz bench recovery pictures lock clean
.DEFAULT_GOAL := help

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(VENV)/.run: requirements.txt pyproject.toml
	@echo "Setting up (once, a few minutes on a slow line) ..."
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info[:2] <= (3, 13) else "sp_eval needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.11 run")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt
	@touch $@

run: $(VENV)/.run  ## set up, then evaluate the bundled example and print the estimates beside the truth
	@$(BIN)/python -m sp_eval.cli.example

test: $(VENV)/.dev  ## set up, then run the tests, in as many processes as WORKERS says
	@$(BIN)/python -m pytest -n $(WORKERS)

ui: $(VENV)/.run  ## set up, then open the Dagster UI
	@$(BIN)/sp-eval ui

check: lint  ## lint, types, layers, SQL, contracts
lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --processes 2 sql
	$(BIN)/python -m sp_eval.contracts.lint

recovery: $(VENV)/.dev  ## the full simulations, half an hour on two cores; writes their page in docs/explanation
	@SP_EVAL_RECOVERY_OUT=$(CURDIR)/var/recovery.ndjson $(BIN)/python -m pytest -n $(WORKERS) -m recovery -p no:cacheprovider

fuzz: $(VENV)/.dev  ## ten thousand files made to do harm: no crash, no hang, no row lost, no number out of place
	@$(BIN)/python -m sp_eval_tests.fuzz $(FILES)

bench: $(VENV)/.dev  ## timings and memory, stated with their scale
	@$(BIN)/python -m sp_eval_tests.bench

contract-pages: $(VENV)/.run  ## a page a contract in docs/contracts, made anew from the contracts
	@$(BIN)/python -m sp_eval.contracts.pages

contract-release: $(VENV)/.run  ## record the contracts as released; later changes must step their versions
	@$(BIN)/python -m sp_eval.contracts.released

pictures: $(VENV)/.dev  ## renew the pictures in docs/pictures, by the browser tests on the example
	@SP_EVAL_TEST_PICTURES=$(CURDIR)/docs/pictures $(BIN)/python -m pytest sp_eval_tests/browser

lock:  ## renew the hashed requirements (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url -q -o requirements.txt
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url -q -o requirements-dev.txt

clean:  ## remove the environment and every run
	rm -rf $(VENV) var .mypy_cache .pytest_cache .ruff_cache
