# Linli (邻里). `make demo` shows the product at work; `make test` proves it.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin

.PHONY: demo test test-all check bench faults screenshots lock clean

demo: $(VENV)/run
	$(BIN)/linli demo $(if $(wildcard ../shared/data/vision),--clips ../shared/data/vision)

test: deploy/packages $(VENV)/dev
	deploy/packages test
	$(MAKE) check
	$(BIN)/pytest -q -m "not slow"

test-all: $(VENV)/dev
	deploy/packages test
	$(BIN)/pytest -q -m "slow or not slow"

check: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/dev
	$(BIN)/python -m benchmarks

faults: $(VENV)/dev
	$(BIN)/python -m tests.faults

screenshots: $(VENV)/dev
	deploy/packages test
	$(BIN)/python -m tests.gateway.console.screenshots out/screenshots

# Both environments come from a lock with hashes: the same bytes on every box.
$(VENV)/run: requirements.lock pyproject.toml
	deploy/packages run
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/dev: requirements-dev.lock pyproject.toml
	deploy/packages run
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

lock:
	uv pip compile -q --universal --generate-hashes --no-header --extra build pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-header --extra build --group dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache .hypothesis
