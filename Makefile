# make demo, make test: all they need is Python 3.11+; see README.md
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: demo test check format soak bench clean-demo help

help:
	@echo "make demo    run the example: its app and five sidecars, ready, with addresses"
	@echo "make test    all tests; sets up what they need, a throw-away Docker engine too where there is none"
	@echo "make check   format, lint, types and the tests that need no engine"
	@echo "make bench   measure devenv against docker compose; prints ratios"
	@echo "make soak    the long runs"

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: Python 3.11 or newer is needed (make PYTHON=python3.12 …)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: $(STAMP)
	@$(BIN)/python examples/demo.py

test: $(STAMP)
	@$(BIN)/python -m tests.testbed run -- $(BIN)/python -m pytest -q

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -n 2 -m "not engine and not servers"

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)
	@$(BIN)/python -m tests.testbed run -- $(BIN)/python -m benchmarks

soak: $(STAMP)
	@DEVENV_SOAK=1 $(BIN)/python -m tests.testbed run -- $(BIN)/python -m pytest -q -rP
