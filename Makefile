# Two commands for a newcomer:   make learn    make test
#
# Both keep everything they install in .venv and install again only when pyproject.toml or
# constraints.txt has changed. Another Python is named like this:   make learn PYTHON=python3.12

PYTHON ?= python3
override VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml constraints.txt
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

# A virtual environment that happens to be active elsewhere is none of our business.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH

# A .venv that was moved, or whose Python has gone, is made anew.
STALE := $(shell [ ! -d $(VENV) ] || { $(BIN)/python -c '' && grep -qF "$(CURDIR)/$(VENV)" $(VENV)/pyvenv.cfg; } \
	2>/dev/null || rm -rf $(VENV))

.DEFAULT_GOAL := help
.PHONY: help learn test bench clean

help:
	@echo 'make learn   open the book (without a terminal: print the tour)'
	@echo 'make test    check everything: style, types, tests'
	@echo 'make bench   measure, and compare with the budget'
	@echo 'make clean   remove .venv and everything generated; your work/ stays'

learn: $(VENV)/.ready-to-run
	@if [ -t 0 ] && [ -t 1 ] && [ "$${TERM:-dumb}" != dumb ]; then \
		exec $(BIN)/thp; \
	else \
		exec $(BIN)/thp step 00_tour --plain; \
	fi

test: $(VENV)/.ready-to-develop
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -n auto --maxprocesses=8 --dist loadfile

bench: $(VENV)/.ready-to-develop
	@$(BIN)/python -m tests.bench

clean:
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find thpkit tui tests lessons exercises -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
		echo 'Python is needed, 3.11 or later, but "$(PYTHON)" is not on this machine. Install it, or name yours: make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or later is needed; $(PYTHON) is $$($(PYTHON) -V 2>&1). Name a later one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'This Python has no module venv. On Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
	@echo 'Creating .venv'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo 'The virtual environment .venv could not be created.' >&2; exit 1; }

$(VENV)/.ready-to-run: $(SOURCES) | $(BIN)/python
	@echo 'Installing what the book needs (once)'
	@$(PIP) install -e . -c constraints.txt
	@touch $@

$(VENV)/.ready-to-develop: $(SOURCES) | $(BIN)/python
	@echo 'Installing what the tests need (once)'
	@$(PIP) install -e '.[dev]' -c constraints.txt
	@touch $@ $(VENV)/.ready-to-run
