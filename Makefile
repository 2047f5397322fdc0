# make review | make test | make docs | make lab: each sets up what it needs the first time.
# Needs python3 (3.11 or newer) and make, nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

.PHONY: review test tests docs lint lab clean

review: $(READY)
	$(BIN)/peer-evidence review

# both at once: the types are checked by one process while the tests wait for slow ones
test: $(READY)
	@$(MAKE) --no-print-directory --jobs=2 lint tests

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

tests: $(READY)
	$(BIN)/python -m pytest -n logical --dist loadfile --cov --cov-report=term:skip-covered

docs: $(READY)
	rm -rf build/docs docs/_gallery
	$(BIN)/python -m sphinx -W --keep-going -q -j auto -d build/.doctrees docs build/docs
	@echo "The site is in build/docs/index.html"

lab: $(READY)
	$(BIN)/jupyter lab $(AS_ROOT) --notebook-dir=notebooks notebooks/00_start_here.ipynb

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "peer_evidence needs Python 3.11 or newer, this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) build dist docs/_gallery .pytest_cache .mypy_cache .ruff_cache .hypothesis
