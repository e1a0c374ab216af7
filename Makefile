# Needs Python 3.11 to 3.13, pip and make, on Linux or macOS. `make` alone lists what it does.
# The programs of the course get an environment of their own in .venv; nothing else is touched.

ENVIRONMENT := .venv
BIN := $(ENVIRONMENT)/bin
INSTALLED := $(ENVIRONMENT)/.installed
READY := $(ENVIRONMENT)/.ready

# nbgrader looks for alembic on PATH, so the environment's programs come first, whatever PATH the
# user has. The environment itself is made with the user's own Python.
export USER_PATH := $(subst $(CURDIR)/$(BIN):,,$(PATH))
export PATH := $(CURDIR)/$(BIN):$(USER_PATH)

# The user's settings for pip still hold, except what would install elsewhere or write to stderr.
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Two files of tests at a time; a test that fails alone is looked for with `make test PARALLEL=`.
PARALLEL := --numprocesses=2 --dist=loadfile

# A name on PATH proves nothing (pyenv puts one there for every version), so each is tried.
CANDIDATES := $(if $(PYTHON),"$(PYTHON)",python3 python3.13 python3.12 python3.11 python)
FITS := import sys, venv, pip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

# The last stamp holds the folder's path: an environment does not survive being moved or copied.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(INSTALLED)
endif

.PHONY: help
help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile
	@echo "The first one that needs programs installs them in $(ENVIRONMENT), once; that takes minutes."

.PHONY: lab
lab: $(READY) ## open your working copy of the course in JupyterLab
	@$(BIN)/course lab

.PHONY: demo
demo: $(READY) ## grade three sample submissions and print the table of points
	@$(BIN)/course demo

.PHONY: notebooks
notebooks: $(READY) ## rebuild everything that is derived from solutions/*/*.py
	@$(BIN)/course build

.PHONY: test
test: lint ## run the tests, except the slow ones
	$(BIN)/pytest -m "not slow" $(PARALLEL)

.PHONY: test-all
test-all: lint ## run every test, which takes hours; those on real images need TFDS_DATA_DIR
	$(BIN)/pytest $(PARALLEL)

.PHONY: bench
bench: $(READY) ## measure, print ratios, write bench/*.json; BENCH="widgets checks" runs some
	$(BIN)/python -m tests.benchmarks $(BENCH)

.PHONY: lint
lint: $(READY) ## look for mistakes and untidy code
	$(BIN)/ruff check
	$(BIN)/ruff format --check

.PHONY: format
format: $(READY) ## tidy the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: lock
lock: $(READY) ## write requirements.lock anew from pyproject.toml; LOCK=--upgrade takes newer versions
	$(BIN)/uv pip compile pyproject.toml --output-file requirements.lock $(LOCK) --quiet \
		--universal --python-version 3.11 --extra lab --extra instructor --extra dev \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
		--custom-compile-command "make lock"

.PHONY: clean
clean: ## remove the environment and caches, never your work
	rm -rf $(ENVIRONMENT) *.egg-info .pytest_cache .ruff_cache
	find helpers $(wildcard tests) -name __pycache__ -prune -exec rm -rf {} +

# pip checks every file against the lock's hashes. An installation that was broken off left no
# stamp, and begins again from an empty environment.
$(INSTALLED): requirements.lock
	@PATH=$$USER_PATH; \
	for python in $(CANDIDATES) ''; do \
		if "$$python" -c '$(FITS)' 2>/dev/null; then break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo 'The course needs Python 3.11, 3.12 or 3.13 with pip. None of these is one, or runs:'; \
		echo '  $(CANDIDATES)'; \
		echo 'Install one (on Debian and Ubuntu: apt install python3 python3-pip), or say where yours is:'; \
		echo '  make lab PYTHON=/where/it/is/python3.12'; \
		exit 1; \
	fi >&2; \
	echo "Installing the programs of the course in $(ENVIRONMENT) with $$("$$python" -V)."; \
	echo 'This takes minutes and 3 GB of disk, once. If it is broken off, give the same command again.'; \
	"$$python" -m venv --clear --without-pip $(ENVIRONMENT) && \
	"$$python" -m pip --python $(ENVIRONMENT) install -r requirements.lock && \
	touch $@

# pip takes no folder in a call that checks hashes. Setuptools comes from the lock.
$(READY): $(INSTALLED) pyproject.toml
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@pwd -P > $@
