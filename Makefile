# Every verb sets up what it needs: an environment of its own in .venv, from versions locked with their hashes.
PYTHON ?= python3
BIN = .venv/bin
READY = .venv/ready

.PHONY: help demo test lint bench docs format lock clean

help:
	@echo 'make demo    see the guard stop a bad send, without an account'
	@echo 'make test    run the tests'
	@echo 'make lint    check types, style and layers'
	@echo 'make bench   measure speed, as ratios'
	@echo 'make docs    write what is generated: the JSON Schema of the rules, and their reference'
	@echo 'make format  put the code into its usual form'
	@echo 'make lock    choose the newest versions of what the project stands on (needs uv)'

demo: $(READY)
	@$(BIN)/audience-guard demo

test: $(READY)
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest
	@$(BIN)/python -m coverage combine --quiet
	@$(BIN)/python -m coverage report

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python bench/rules.py
	$(BIN)/python bench/start.py
	$(BIN)/python bench/counting.py

docs: $(READY)
	$(BIN)/audience-guard schema > guard/rules/rules.schema.json.new
	mv guard/rules/rules.schema.json.new guard/rules/rules.schema.json
	$(BIN)/python docs/reference.py

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
	rm -rf .venv .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; make PYTHON=/path/to/python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)
