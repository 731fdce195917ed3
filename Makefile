# One set of commands for a person and for CI. The environment is .venv; weights go to the user's cache folder.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# pip's mirror serves uv too, where one is set.
UV := VIRTUAL_ENV=$(abspath $(VENV)) UV_FIND_LINKS="$$PIP_FIND_LINKS" UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$$PIP_INDEX_URL}" $(BIN)/uv
UV_VERSION := 0.13.9

.PHONY: help run install test check bench fault torch dist lock clean

help:  ## these lines
	@grep -E '^[a-z]+:.*## ' Makefile | sed 's/:.*## / \t/' | expand -t 10

run: install  ## install what is missing, start Rhapsode and print the address
	@$(BIN)/rhapsode serve

install: $(VENV)/.default  ## the environment in .venv, and nothing else

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one: make run PYTHON=python3.12")'
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.default: locks/default.txt pyproject.toml | $(VENV)/bin/uv
	@echo "Installing Rhapsode, about 350 MB to fetch the first time"
	@$(UV) pip install --quiet --no-build -r locks/default.txt
	@$(UV) pip install --quiet --no-deps --editable .
	@touch $@

$(VENV)/.dev: locks/dev.txt $(VENV)/.default
	@echo "Installing what tests and checks need"
	@$(UV) pip install --quiet --no-build -r locks/dev.txt
	@touch $@

# A CPU build where one is to be had, never one with gigabytes of CUDA. Without it the tests marked torch are skipped.
torch: $(VENV)/.dev  ## the extra for diffusers pipelines, from a CPU build of torch
	@$(BIN)/python -m tests.cpu_torch
	@test -e $(VENV)/.torch || ( \
	  $(BIN)/python -m pip install --quiet --no-deps --only-binary :all: torch==2.13.0 && \
	  $(UV) pip install --quiet --no-build -r locks/torch.txt && touch $(VENV)/.torch )

test: $(VENV)/.dev  ## everything that must hold, in at most ten minutes on two cores
	@$(MAKE) --no-print-directory torch || true
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/.dev  ## lint, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev  ## figures to bench/results.json
	$(BIN)/python -m bench

fault: $(VENV)/.dev  ## three hundred kills in named phases
	$(BIN)/python -m bench faults

dist: $(VENV)/.dev  ## a wheel for people without a checkout
	$(BIN)/python -m build --wheel --no-isolation
	@cp locks/default.txt dist/constraints.txt
	@echo "For example: uv tool install ./$$(ls -t dist/*.whl | head -1) --constraints dist/constraints.txt"

lock: | $(VENV)/bin/uv  ## pin everything again
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate pyproject.toml -o locks/default.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --group dev pyproject.toml -o locks/dev.txt
	$(UV) pip compile --quiet --python-version 3.11 --generate-hashes --no-annotate --extra torch --no-emit-package torch pyproject.toml -o locks/torch.txt

clean:  ## remove what the commands above made here
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
