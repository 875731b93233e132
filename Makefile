# Every target makes .venv first when it is missing, or older than pyproject.toml.
PYTHON ?= python3
BIN := .venv/bin
# On one worker more than there are CPUs: many tests wait for a process, a service or a deadline.
WORKERS := $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))
PYTEST := $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal
export NO_MKDOCS_2_WARNING := 1

.DEFAULT_GOAL := help
.PHONY: help demo fulfilment perception test coverage test-fast test-lowest soak soak-warm check lint types layers wheel layer \
	release-check bench docs format signatures snippets cli-docs clean

help:
	@echo 'make demo    run the orders example on this machine'
	@echo 'make fulfilment, make perception'
	@echo '             run the other two examples; TWICE=1 delivers every record twice'
	@echo 'make test    everything that must pass: check, tests, docs, wheel'
	@echo 'make coverage'
	@echo '             the tests with branch coverage, of which 90 % are due'
	@echo 'make test-fast'
	@echo '             the tests that are not slow, without coverage'
	@echo 'make test-lowest'
	@echo '             the same with the lowest versions of the dependencies, in .venv-lowest'
	@echo 'make soak    random programs: PROGRAMS=5000 or SECONDS=600 says how many, FIRST=200 with which seed to begin'
	@echo 'make soak-warm'
	@echo '             20,000 invocations of one environment; INVOCATIONS=2000 says otherwise'
	@echo 'make check   lint, format, types and layers'
	@echo 'make layer   a Lambda layer in dist/: this library alone, to go above that of Powertools;'
	@echo '             WITH=everything ARCH=arm64 PYTHON_VERSION=3.13 EXTRAS=tracer BOTO3=1 say otherwise'
	@echo 'make release-check'
	@echo '             build what is released into dist/, and check it; TAG=v0.1.0 for a release'
	@echo 'make bench   the benchmark tables'
	@echo 'make docs    build the documentation into site/'
	@echo 'make format  let ruff rewrite the code'
	@echo 'make signatures'
	@echo '             write what type checkers see of the fields of rules and of the options'
	@echo 'make snippets'
	@echo '             write code, figures and diagrams into the pages and the README'
	@echo 'make cli-docs'
	@echo '             write what the commands print into the pages of the command line'

demo: .venv/installed-demo
	@$(BIN)/powertools-stream local docs/examples/orders/template.yaml --send docs/examples/orders/orders.jsonl --once --retry-delay 0

fulfilment perception: .venv/installed-demo
	@$(BIN)/python -m docs.examples.$@.demo $(if $(TWICE),--twice)

check: lint types layers

lint: .venv/installed-dev
	@.ci/step 'ruff check' $(BIN)/ruff check
	@.ci/step 'ruff format' $(BIN)/ruff format --check

types: .venv/installed-dev
	@.ci/step 'mypy' $(BIN)/mypy
	@.ci/step 'mypy of projects' $(BIN)/python .ci/projects.py

layers: .venv/installed-dev
	@.ci/step 'import-linter' $(BIN)/lint-imports

wheel: .venv/installed-dev
	@.ci/step 'wheel' $(BIN)/python .ci/check_wheel.py

layer: .venv/bin/python
	@$(BIN)/python .ci/layer.py $(if $(WITH),--with $(WITH)) $(if $(ARCH),--arch $(ARCH)) \
		$(if $(PYTHON_VERSION),--python $(PYTHON_VERSION)) $(if $(EXTRAS),--extras $(EXTRAS)) $(if $(BOTO3),--boto3)

release-check: .venv/installed-release
	@$(BIN)/python .ci/release.py $(if $(TAG),--tag '$(TAG)')

# The tests have all CPUs to themselves; each of the others takes one.
test: .venv/installed-dev
	@$(MAKE) --no-print-directory -j 2 check docs wheel
	@.ci/step --show 'pytest' $(PYTEST)

# On its own: tracing takes a quarter of the time that all tests take.
coverage: .venv/installed-dev
	@$(PYTEST) --cov --cov-report=term

test-fast: .venv/installed-dev
	@$(PYTEST) -m 'not slow'

# On its own: an environment that nothing else uses.
test-lowest: .venv/installed-release
	@.ci/step --show 'lowest versions' $(BIN)/python .ci/lowest.py .venv-lowest
	@.venv-lowest/bin/python -m pytest -q -n auto --dist worksteal -m 'not slow'

soak: .venv/installed-dev
	@$(BIN)/python -m tests.soak $(if $(PROGRAMS),--programs $(PROGRAMS)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(FIRST),--first $(FIRST))

soak-warm: .venv/installed-dev
	@$(BIN)/python -m tests.soak.warm $(if $(INVOCATIONS),--invocations $(INVOCATIONS))

bench: .venv/installed-bench
	@$(BIN)/python -m tests.bench

docs: .venv/installed-dev
	@.ci/step 'mkdocs build' $(BIN)/mkdocs build --strict

format: .venv/installed-dev
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

signatures: .venv/installed-dev
	@PYTHONPATH=. $(BIN)/python .ci/signatures.py

snippets: .venv/installed-dev
	@$(BIN)/python .ci/snippets.py
	@$(BIN)/python .ci/diagrams.py

cli-docs: .venv/installed-dev
	@PYTHONPATH=. $(BIN)/python .ci/cli_docs.py

clean:
	rm -rf .venv .venv-lowest .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache site dist

# One environment, filled as far as a target needs it: installed-demo, installed-dev, installed-bench, installed-release.
.PRECIOUS: .venv/installed-%
.venv/installed-%: pyproject.toml | .venv/bin/python
	@.ci/step 'install .[$*]' $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 10) else "Python 3.10 or later is needed: make PYTHON=python3.12 …")'
	@.ci/step 'python -m venv .venv' $(PYTHON) -m venv --clear .venv
