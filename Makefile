# Every verb sets up what it needs: an environment of its own in .venv, from versions locked with their hashes.
PYTHON ?= python3
BIN = .venv/bin
READY = .venv/ready
RUNS = 5000
SAMPLE = 'guard.evaluate.*' 'guard.blueshift.fresh.*'
BENCHMARKS = rules rendering start cost scripts limits counting

.PHONY: help demo test faults mutants mutants-sample lint bench bench-quick docs format lock clean

help:
	@echo 'make demo    see the guard stop a bad send, without an account'
	@echo 'make test    run the tests'
	@echo 'make faults  try every fault of docs/faults.md against the real command, and print what came of each (RUNS=300: sooner)'
	@echo 'make mutants break the code in thousands of places, and see the tests notice each (an hour; mutants-sample: minutes)'
	@echo 'make lint    check types, style and layers'
	@echo 'make bench   measure speed and cost, as ratios, into docs/performance.md (half an hour; bench-quick: a look)'
	@echo 'make docs    write what is generated: the JSON Schema of the rules, and their reference; the table of the faults'
	@echo 'make format  put the code into its usual form'
	@echo 'make lock    choose the newest versions of what the project stands on (needs uv)'

demo: $(READY)
	@$(BIN)/audience-guard demo

test: $(READY)
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest
	@$(BIN)/python -m coverage combine --quiet
	@$(BIN)/python -m coverage report

faults: $(READY)
	HYPOTHESIS_PROFILE=many ANY_ORDER_RUNS=$(RUNS) $(BIN)/python -m pytest --no-header \
	  tests/faults tests/blueshift/test_any_order.py tests/rules/test_fuzz.py

mutants: $(READY)
	$(BIN)/mutmut run --max-children 2
	$(BIN)/python -m tests.mutants

mutants-sample: $(READY)
	$(BIN)/mutmut run --max-children 2 $(SAMPLE)
	$(BIN)/python -m tests.mutants $(SAMPLE)

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	for each in $(BENCHMARKS); do $(BIN)/python -m bench.$$each || exit; done
	$(BIN)/python -m bench.document

bench-quick: $(READY)
	for each in $(BENCHMARKS); do $(BIN)/python -m bench.$$each --quick || exit; done

docs: $(READY)
	$(BIN)/audience-guard schema > guard/rules/rules.schema.json.new
	mv guard/rules/rules.schema.json.new guard/rules/rules.schema.json
	$(BIN)/python docs/reference.py
	$(BIN)/python -m tests.faults.page

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock:
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --upgrade \
	  --custom-compile-command 'make lock' pyproject.toml --extra slack --group dev --output-file requirements/dev.txt
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --constraints requirements/dev.txt \
	  --custom-compile-command 'make lock' pyproject.toml --group build --output-file requirements/action.txt
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --constraints requirements/dev.txt \
	  --custom-compile-command 'make lock' pyproject.toml --extra slack --group build --output-file requirements/slack.txt

clean:
	rm -rf .venv .bench_cache .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; make PYTHON=/path/to/python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)
