# Needs only Python 3.11 or newer and make; everything else goes into .venv, pinned by hash.

PYTHON ?= python3
VENV := .venv
DEPLOY_VENV := .venv-deploy
RELEASE_VENV := .venv-release
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
JOBS ?= 2
TORTURE ?= 1

.PHONY: demo test deploy-check release-check lint types imports audit guard bench bench-matching growth torture docs docs-matching lock clean check

demo: $(VENV)/.installed ## run the job against the sandbox, twice
	$(BIN)/musicdiff-job demo

test: $(VENV)/.installed-dev ## run the test suite
	$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

deploy-check: $(VENV)/.installed-dev $(DEPLOY_VENV)/.installed ## try what is shipped for schedulers, for real
	$(BIN)/python deploy/check.py $(ARGS)

release-check: $(VENV)/.installed-dev $(RELEASE_VENV)/.installed ## build what is published, and look at it
	$(BIN)/python deploy/release_check.py

lint: $(VENV)/.installed-dev ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev ## mypy --strict
	$(BIN)/mypy
	for file in tests/conftest.py tests/*/conftest.py; do $(BIN)/mypy $$file || exit 1; done

imports: $(VENV)/.installed-dev ## the layers
	$(BIN)/lint-imports

check: lint types imports test ## all of the above

audit: $(VENV)/.installed-dev ## known vulnerabilities in what is locked; asks PyPI
	$(BIN)/pip-audit --disable-pip --require-hashes -r requirements-dev.lock

guard: $(VENV)/.installed-dev ## compare counts with benchmarks/baseline.json; UPDATE=1 records them anew
	$(BIN)/python benchmarks/counts.py --instructions $(if $(UPDATE),--update)

bench: $(VENV)/.installed-dev ## measure; see benchmarks/README.md
	$(BIN)/python benchmarks/bench_calls.py
	$(BIN)/python benchmarks/bench_scale.py
	$(BIN)/python benchmarks/bench_peers.py
	$(BIN)/python benchmarks/bench_speed.py

growth: $(VENV)/.installed-dev ## measure how a run grows with the library, and draw docs/pictures/growth-*.svg
	$(BIN)/python benchmarks/growth.py

bench-matching: $(VENV)/.installed-dev ## measure the matcher on MUSICDIFF_REFERENCE_DATA
	$(BIN)/python benchmarks/bench_matching.py $(ARGS)

torture: $(VENV)/.installed-dev ## try to break it, for as long as TORTURE says (1: about an hour)
	$(BIN)/python benchmarks/torture.py $(TORTURE)

docs: $(VENV)/.installed-dev ## write what the code knows into the documentation
	$(BIN)/python docs/generate.py

docs-matching: $(VENV)/.installed-dev ## the same, and write its figures into docs/matching.md
	$(BIN)/python docs/matching_tables.py

lock: $(VENV)/.installed-dev ## resolve the lock files anew
	$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header \
	  --upgrade --extra dev --extra test --extra browser pyproject.toml requirements-build.in -o requirements-dev.lock
	$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header \
	  -c requirements-dev.lock pyproject.toml requirements-build.in -o requirements.lock
	$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header \
	  -c requirements-dev.lock --extra all pyproject.toml requirements-build.in -o requirements-all.lock
	$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header \
	  --upgrade requirements-deploy.in -o requirements-deploy.lock
	$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header \
	  --upgrade requirements-release.in -o requirements-release.lock

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.installed

$(DEPLOY_VENV)/.installed: requirements-deploy.lock
	$(PYTHON) -m venv $(DEPLOY_VENV)
	$(DEPLOY_VENV)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements-deploy.lock
	@touch $@

$(RELEASE_VENV)/.installed: requirements-release.lock
	$(PYTHON) -m venv $(RELEASE_VENV)
	$(RELEASE_VENV)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements-release.lock
	@touch $@

clean: ## remove what make made
	rm -rf $(VENV) $(DEPLOY_VENV) $(RELEASE_VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
