# Every verb sets up what it needs: an environment of its own in .venv, from versions locked with their hashes.
PYTHON ?= python3
BIN = .venv/bin
CAN_RUN = .venv/can-run
CAN_TEST = .venv/can-test
PIP = $(BIN)/python -m pip --disable-pip-version-check
RUNS = 5000
WORKERS = 4
# Extras are kept in the lock: a pip that finds one asked for, and not pinned with it, refuses the whole file.
LOCK = $(BIN)/uv pip compile --quiet --universal --no-strip-extras --generate-hashes --python-version 3.11 --custom-compile-command 'make lock'
SAMPLE = 'guard.core.evaluate.x_judge_guard__*' 'guard.core.evaluate.x__observe__*' 'guard.core.evaluate.x__check__*' \
  'guard.blueshift.freshness.*_prove__*' 'guard.blueshift.freshness.*_start__*' 'guard.blueshift.freshness.*_trigger__*' \
  'guard.blueshift.freshness.*_finish__*'
BENCHMARKS = rules rendering start cost history alarms scripts limits counting

.PHONY: help demo test compat faults mutants mutants-sample lint bench bench-quick docs format lock clean

help:
	@echo 'make demo    see the guard stop a bad send, without an account'
	@echo 'make test    run the tests, side by side (T=tests/rules: a part of them, in seconds)'
	@echo 'make compat  try the wheel on every Python at hand, with the locked, the lowest and the newest packages (PACKAGES=newest: those)'
	@echo 'make faults  try every fault of docs/faults.md against the real command, and print what came of each (RUNS=300: sooner)'
	@echo 'make mutants break the code in thousands of places, and see the tests notice each (an hour; mutants-sample: minutes)'
	@echo 'make lint    check types, style and layers'
	@echo 'make bench   measure speed and cost, as ratios, into docs/performance.md (half an hour; bench-quick: a look)'
	@echo 'make docs    write what is generated: the JSON Schema of the rules, and their reference; the table of the faults'
	@echo 'make format  put the code into its usual form'
	@echo 'make lock    choose the newest versions of what the project stands on'

demo: $(CAN_RUN)
	@$(BIN)/audience-guard demo

# More workers than cores, since many tests wait. T=tests/rules tests a part, without coverage.
test: $(CAN_TEST)
ifdef T
	$(BIN)/python -m pytest $(T)
else
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --numprocesses=$(WORKERS) --dist=loadfile --durations=10
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report
endif

compat: $(CAN_TEST)
	$(BIN)/python -m tests.compat $(PACKAGES)

faults: $(CAN_TEST)
	HYPOTHESIS_PROFILE=many ANY_ORDER_RUNS=$(RUNS) $(BIN)/python -m pytest --no-header \
	  tests/faults tests/blueshift/test_any_order.py tests/rules/test_fuzz.py

mutants: $(CAN_TEST)
	$(BIN)/mutmut run --max-children 2
	$(BIN)/python -m tests.mutants

mutants-sample: $(CAN_TEST)
	$(BIN)/mutmut run --max-children 2 $(SAMPLE)
	$(BIN)/python -m tests.mutants $(SAMPLE)

lint: $(CAN_TEST)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(CAN_TEST)
	for each in $(BENCHMARKS); do $(BIN)/python -m bench.$$each || exit; done
	$(BIN)/python -m bench.document

bench-quick: $(CAN_TEST)
	for each in $(BENCHMARKS); do $(BIN)/python -m bench.$$each --quick || exit; done

docs: $(CAN_TEST)
	$(BIN)/audience-guard schema > guard/rules/rules.schema.json.new
	mv guard/rules/rules.schema.json.new guard/rules/rules.schema.json
	$(BIN)/python docs/reference.py
	$(BIN)/python -m tests.faults.page

format: $(CAN_TEST)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: $(CAN_TEST)
	$(LOCK) pyproject.toml --upgrade --all-extras --group dev --output-file requirements/dev.txt
	$(LOCK) pyproject.toml --constraints requirements/dev.txt --extra postgres --group build --output-file requirements/action.txt
	$(LOCK) pyproject.toml --constraints requirements/dev.txt --all-extras --group build --output-file requirements/slack.txt

clean:
	rm -rf .venv .bench_cache .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(CAN_RUN): requirements/action.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; make PYTHON=/path/to/python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet --require-hashes --requirement requirements/action.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(CAN_TEST): $(CAN_RUN) requirements/dev.txt
	$(PIP) install --quiet --require-hashes --requirement requirements/dev.txt
	@touch $@
