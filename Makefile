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
PIP := $(PY) -m pip --disable-pip-version-check
UV_VERSION := 0.13.9
PYTEST_WORKERS ?= 2
# Small numbers are smallint on purpose; alembic_version is Alembic's own table.
SQUAWK_EXCLUDE := prefer-bigint-over-int,prefer-bigint-over-smallint,prefer-text-field

# A stamp carries the checksum of what it stands for: another lock or place, another installation.
RUN_SUM := $(shell { pwd; cat requirements/run.txt pyproject.toml; } | cksum | tr -d " ")
TEST_SUM := $(shell { pwd; cat requirements/test.txt pyproject.toml; } | cksum | tr -d " ")
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

.PHONY: lock
lock: ## Resolve requirements/*.in again into the locked files
	@$(call need_python)
	@test -x build/uv/bin/uv || { $(PYTHON) -m venv build/uv && \
		build/uv/bin/python -m pip --disable-pip-version-check install uv==$(UV_VERSION); }
	@for set in run test; do \
		build/uv/bin/uv pip compile --universal --generate-hashes --python-version 3.11 --quiet \
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

define install
	@$(call need_python)
	@$(PIP) --version >/dev/null 2>&1 || { echo 'Making $(VENV) with $(PYTHON) ...'; \
		$(PYTHON) -m venv $(VENV); }
	@echo 'Installing $(1) (locked, with hashes; needs the network this time only) ...'
	@$(PIP) install --no-input --require-hashes -r $(1) || { \
		echo 'The packages could not be installed: see above. Running the same command again goes on.' >&2; \
		exit 1; }
	@$(PIP) install --no-input --quiet --no-deps --no-build-isolation --no-index -e .
endef

$(RUN_STAMP):
	$(call install,requirements/run.txt)
	@rm -f $(VENV)/.installed-run-* && touch $@

$(TEST_STAMP):
	$(call install,requirements/test.txt)
	@rm -f $(VENV)/.installed-* && touch $@ $(RUN_STAMP)
