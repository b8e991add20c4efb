# make run    install what is missing, then serve Ganvas on 127.0.0.1:$PORT until Ctrl-C
# make test   every check: ruff, mypy, import-linter, unit, worker and browser tests
# make lint   the checks without the tests
# make bench  measures training against its peers (docs/performance.md, about half an hour), then trains every recipe on real pictures and
#             scores it (docs/quality.md, about two hours on one core). BENCH=training or BENCH=quality does one of them.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
BENCH ?= training quality
PYTEST_ARGS ?= -n 2 --dist loadgroup --no-loadscope-reorder

.DELETE_ON_ERROR:
.PHONY: run test lint pytest bench

run: $(VENV)/.served
	@$(BIN)/python scripts/vendor.py
	@exec setpriv --pdeathsig TERM $(BIN)/python scripts/run.py

lint: $(VENV)/.tested
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy gan_core portal worker
	$(BIN)/lint-imports

test: lint pytest

pytest: $(VENV)/.tested
	@$(BIN)/python scripts/vendor.py
	$(BIN)/pytest $(PYTEST_ARGS)

bench: $(VENV)/.served
	@$(PIP) install --no-deps -r requirements-benchmarks.txt
	@for name in $(BENCH); do $(BIN)/python -m benchmarks.$$name || exit; done

# Each stamp is made last, so what was interrupted starts again.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Ganvas needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 run")'
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.served: $(VENV)/.made requirements.txt requirements-train.txt requirements-samples.txt requirements-node.txt
	@echo "Installing; the first time this loads some gigabytes and takes minutes ..."
	@$(PIP) install -r requirements.txt -r requirements-train.txt
	@$(PIP) install --no-deps -r requirements-samples.txt
	@command -v npm >/dev/null || $(PIP) install -r requirements-node.txt
	@touch $@

$(VENV)/.tested: $(VENV)/.served requirements-test.txt requirements-samples-test.txt
	@$(PIP) install -r requirements.txt -r requirements-train.txt -r requirements-test.txt
	@$(PIP) install --no-deps -r requirements-samples-test.txt
	@touch $@
