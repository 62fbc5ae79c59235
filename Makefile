# Two commands do everything: `make run` and `make test`. `make help` lists the rest.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first of these that is Python 3.11 or newer; `make PYTHON=/path/to/python3.12 run` chooses one.
CANDIDATES := python3 python3.13 python3.12 python3.11
PYTHON ?= $(shell for p in $(CANDIDATES); do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input
# The certificates of the system, as pip has them; no other Python than the one chosen here.
UV := UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=1 VIRTUAL_ENV='$(CURDIR)/$(VENV)' $(VENV)/bin/uv
# One more than the two cores of the smallest machine: tests wait for browsers and processes.
PYTEST_WORKERS ?= 3
# Small numbers are smallint on purpose; alembic_version is Alembic's own table.
SQUAWK_EXCLUDE := prefer-bigint-over-int,prefer-bigint-over-smallint,prefer-text-field

# A stamp carries the checksum of what it stands for: another lock or place, another installation.
RUN_SUM := $(shell { pwd; cat requirements/run.txt pyproject.toml; } | cksum | tr -d " ")
TEST_SUM := $(shell { pwd; cat requirements/test.txt pyproject.toml; } | cksum | tr -d " ")
UV_STAMP := $(VENV)/.installed-uv-$(shell { pwd; cat requirements/uv.txt; } | cksum | tr -d " ")
RUN_STAMP := $(VENV)/.installed-run-$(RUN_SUM)
TEST_STAMP := $(VENV)/.installed-test-$(TEST_SUM)

.PHONY: help
help: ## What there is to ask for
	@printf 'make run    starts everything and says where it is (Ctrl-C stops it, the data stay)\n'
	@printf 'make test   runs all tests with servers of their own\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile
	@printf '\nSettings: CONSULAR_PORT (8000), CONSULAR_SIMULATOR_PORT (8001), CONSULAR_HOME (.consular),\n'
	@printf 'DATABASE_URL and REDIS_URL to use servers of your own, ARGS for pytest: make test ARGS="-k name"\n'

.PHONY: run
run: $(RUN_STAMP) ## Start the whole system in the foreground; installs it the first time
	@$(VENV)/bin/consular up --with-parent

.PHONY: test
test: $(TEST_STAMP) ## Run the whole suite; ARGS go to pytest
	@$(PY) -m pytest -n $(PYTEST_WORKERS) --dist loadfile $(ARGS)

.PHONY: check
check: lint types contracts migrations ## Everything that CI runs: these four, then the tests with the browser
	@CONSULAR_REQUIRE_BROWSER=1 $(MAKE) --no-print-directory test

# Where Debian and Ubuntu install the oldest PostgreSQL that we promise to work with.
OLDEST_POSTGRES ?= /usr/lib/postgresql/15/bin

.PHONY: test-oldest
test-oldest: $(TEST_STAMP) ## The tests of what the database holds, with PostgreSQL 15 (OLDEST_POSTGRES)
	@CONSULAR_TEST_POSTGRES=$(OLDEST_POSTGRES) $(PY) -m pytest -n $(PYTEST_WORKERS) --dist loadfile \
		tests/architecture tests/services tests/workers tests/api/test_booking.py \
		tests/api/test_idempotency.py $(ARGS)

.PHONY: lint
lint: $(TEST_STAMP) ## Style and form of the code
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

.PHONY: types
types: $(TEST_STAMP) ## Static types
	$(VENV)/bin/mypy

.PHONY: contracts
contracts: $(TEST_STAMP) ## Who may import whom
	$(VENV)/bin/lint-imports

.PHONY: migrations
migrations: $(TEST_STAMP) ## Migrations that would lock or lose something
	@mkdir -p build
	$(VENV)/bin/alembic upgrade head --sql > build/migrations.sql
	$(VENV)/bin/squawk --pg-version 15 --exclude=$(SQUAWK_EXCLUDE) build/migrations.sql

.PHONY: format
format: $(TEST_STAMP) ## Put the code into form
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

.PHONY: bench
bench: $(TEST_STAMP) ## Measure the system on this machine; ARGS go to the benchmark
	@$(PY) -m benchmarks.run $(ARGS)

.PHONY: screenshots
screenshots: $(TEST_STAMP) ## Take the pictures of docs/ with Chromium
	@$(PY) -m tests.screenshots $(ARGS)

.PHONY: journeys
journeys: $(TEST_STAMP) ## Walk the journeys in a browser and keep each page as pictures of 360 and 1280 pixels in build/journeys
	@PICTURES=build/journeys $(PY) -m pytest -q -m browser tests/e2e $(ARGS)

.PHONY: lock
lock: ## Resolve requirements/*.in again into the locked files
	$(need_uv)
	@for set in uv run test; do \
		$(UV) pip compile --universal --generate-hashes --python-version 3.11 --quiet \
			requirements/$$set.in -o requirements/$$set.txt --custom-compile-command "make lock" $(ARGS) \
		|| exit 1; done

.PHONY: clean
clean: ## Remove the environment and all caches; the data in .consular stay
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .hypothesis .import_linter_cache .grimp_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

define need_python
	if [ -z '$(PYTHON)' ]; then \
		echo 'Consular needs Python 3.11 or newer, and none of $(CANDIDATES) is one.' >&2; \
		echo 'Install one (Debian, Ubuntu: apt-get install python3 python3-venv), or name yours:' >&2; \
		echo '  make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)' >&2; exit 1; fi; \
	if ! $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null; then \
		echo '$(PYTHON) can make no virtual environment: its module venv or ensurepip is missing.' >&2; \
		echo 'Debian, Ubuntu: apt-get install python3-venv. Then try again.' >&2; exit 1; fi
endef

define need_uv
	@$(call need_python)
	@$(PIP) --version >/dev/null 2>&1 || { echo 'Making $(VENV) with $(PYTHON) ...'; \
		$(PYTHON) -m venv $(VENV); }
	@test -e $(UV_STAMP) || $(PIP) install --quiet --require-hashes -r requirements/uv.txt || { \
		echo 'uv, which installs the packages, could not be installed from https://pypi.org: see above.' >&2; \
		echo 'Behind a proxy or a mirror set HTTPS_PROXY or PIP_INDEX_URL. Then try again.' >&2; exit 1; }
	@test -e $(UV_STAMP) || { rm -f $(VENV)/.installed-uv-*; touch $(UV_STAMP); }
endef

# uv has settings of its own for an index: those of pip's environment are passed on. Where it still can't
# reach what pip can, pip does it, slowly.
define install
	$(need_uv)
	@echo 'Installing $(1) (locked, with hashes; needs the network this time only) ...'
	@if [ -n "$$PIP_INDEX_URL" ]; then export UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$$PIP_INDEX_URL}"; fi; \
	if [ -n "$$PIP_CERT" ]; then export SSL_CERT_FILE="$${SSL_CERT_FILE:-$$PIP_CERT}"; fi; \
	if ! [ -w "$$HOME" ]; then export UV_NO_CACHE=1; fi; \
	$(UV) pip install --require-hashes -r $(1) \
	|| { echo 'uv could not install them (see above); trying with pip ...' >&2; \
		$(PIP) install --require-hashes -r $(1); } \
	|| { echo 'The packages could not be installed: see above. They come from https://pypi.org; behind a' >&2; \
		echo 'proxy or a mirror set HTTPS_PROXY or PIP_INDEX_URL. The same command again goes on.' >&2; exit 1; }
	@if ! [ -w "$$HOME" ]; then export UV_NO_CACHE=1; fi; \
	$(UV) pip install --quiet --offline --no-deps --no-build-isolation -e . \
	|| $(PIP) install --quiet --no-deps --no-build-isolation --no-index -e .
endef

$(RUN_STAMP):
	$(call install,requirements/run.txt)
	@rm -f $(VENV)/.installed-run-* && touch $@

$(TEST_STAMP):
	$(call install,requirements/test.txt)
	@rm -f $(VENV)/.installed-run-* $(VENV)/.installed-test-* && touch $@ $(RUN_STAMP)
