# Two commands do everything on a machine that has Python 3.11 to 3.13 and make:
#   make demo    the main job on the embedded engines, with a simulated province
#   make test    install what the tests need and run them
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help demo test unit alone connected nightly lint types contracts bench lock clean

help: ## Say what can be made.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"motcua needs Python 3.11 to 3.13, and {sys.executable} is {sys.version.split()[0]}: name another one with make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/embedded.txt pyproject.toml | $(BIN)/python
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/embedded.txt
	@$(PYTHON) deploy/link.py $(VENV)
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

demo: $(VENV)/.runtime ## Run a simulated province on the embedded engines (ARGS=--once: a month in lock-step).
	@$(BIN)/motcua demo $(ARGS)

test: lint types contracts unit ## Install what the tests need and run them.

# What starts no engine runs on all cores at once. What shares the engines runs one by one.
# A choice in ARGS may leave one of the two without a test (exit 5).
PLAIN := not browser and not promtool and not kills and not cluster and not recovery and not foreign and not nightly
CHOSEN := $(if $(ARGS),|| [ $$? = 5 ])
REPORTS ?=

unit: alone connected

alone: $(VENV)/.dev
	@$(BIN)/python -m pytest -q -n auto -m "not connected and $(PLAIN)" $(REPORTS:%=--junitxml=%/alone.xml) $(ARGS) $(CHOSEN)

connected: $(VENV)/.dev
	@$(BIN)/python -m pytest -q -m "connected and $(PLAIN)" $(REPORTS:%=--junitxml=%/connected.xml) $(ARGS) $(CHOSEN)

nightly: $(VENV)/.dev ## The proofs that take minutes, on far more cases.
	@$(BIN)/python -m pytest -q -m nightly $(ARGS)

lint: $(VENV)/.dev ## Style of code.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.dev ## Types, strict.
	@$(BIN)/mypy services shared deploy tests

contracts: $(VENV)/.dev ## Which package may import which.
	@PYTHONPATH=. $(BIN)/lint-imports

bench: $(VENV)/.dev ## Print throughput, cost and rates, each against a baseline of the same run.
	@$(BIN)/python -m tests.bench $(ARGS)

lock: $(BIN)/python ## Resolve requirements/*.in anew, with hashes.
	@$(BIN)/pip install --quiet --disable-pip-version-check uv
	@for name in runtime embedded dev; do \
		$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
		--no-header --custom-compile-command "make lock" -o requirements/$$name.txt requirements/$$name.in || exit 1; done

clean: ## Remove what was built here (never the data of an installation).
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
