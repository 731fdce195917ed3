# One set of commands for a person and for CI. The environment is .venv; weights go to the user's cache folder.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := VIRTUAL_ENV=$(abspath $(VENV)) UV_FIND_LINKS="$$PIP_FIND_LINKS" $(BIN)/uv
UV_VERSION := 0.13.9

.PHONY: run install test check bench dist lock clean

run: install  ## start Rhapsode and print the address
	@$(BIN)/rhapsode serve

install: $(VENV)/.default

$(VENV)/bin/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.default: locks/default.txt pyproject.toml | $(VENV)/bin/uv
	$(UV) pip install --quiet --no-build -r locks/default.txt
	$(UV) pip install --quiet --no-deps --editable .
	@touch $@

$(VENV)/.dev: locks/dev.txt $(VENV)/.default
	$(UV) pip install --quiet --no-build -r locks/dev.txt
	@touch $@

test: $(VENV)/.dev  ## everything that must hold, in at most ten minutes on two cores
	$(BIN)/python -m pytest

check: $(VENV)/.dev  ## lint, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev  ## figures to bench/results.json
	$(BIN)/python -m bench

dist: $(VENV)/.dev  ## a wheel for people without a checkout
	$(BIN)/python -m build --wheel --no-isolation

lock: | $(VENV)/bin/uv  ## pin everything again
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate pyproject.toml -o locks/default.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --group dev pyproject.toml -o locks/dev.txt

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
