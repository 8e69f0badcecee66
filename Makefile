# `make` alone lists the targets. PYTHON=python3.12 chooses another interpreter.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA := data/customers.csv data/orders.csv
ATTACK ?= 1
SQL := sql dbt_project

# One install follows the other: the demo needs no test tools, and the tests need all that the demo needs.
DEMO_READY := $(VENV)/.ready-demo
TEST_READY := $(VENV)/.ready-test
BENCH_READY := $(VENV)/.ready-benchmark
DOCS_READY := $(VENV)/.ready-docs
# One thread per worker: the workers are as many as the cores.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --quiet --numprocesses auto --dist loadgroup
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

.PHONY: long docs compat doors help demo test fast attack benchmark lint lint-python lint-types lint-sql pictures golden format install data constraints clean
.DEFAULT_GOAL := help

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(DEMO_READY) data ## From nothing to segments: install, make the data, `dbt run`, `segjob run`
	$(BIN)/dbt run
	$(BIN)/segjob run
	@$(BIN)/dbt --quiet run --select source:segjob+
	@echo "More questions: sql/reports/*.sql. The segments are in dbt's marts too: customer_segments, product_segments, revenue_by_segment."
	@echo "The commands are in $(BIN), such as $(BIN)/segjob --help"

test: lint data ## Lint everything, then run the tests, but for those that take long
	@$(PYTEST) -m "not long"

long: $(TEST_READY) data ## The tests that take long: kills, many runs, dbt on PostgreSQL, more verbs on Spark
	@$(PYTEST) -m long

fast: $(TEST_READY) data ## The tests that need seconds and no engine but DuckDB: all in a minute
	@$(PYTEST) -m "not (slow or attack or postgres or spark or dbt or browser or long)"

attack: $(TEST_READY) ## The whole attack suite (hours), and its figures in docs/reliability.md; ATTACK=0.05 tries a part
	@mkdir -p build && rm -f build/attack.json
	SEGJOB_ATTACK=$(ATTACK) SEGJOB_EVERY_KILL=1 SEGJOB_ATTACK_REPORT=$(CURDIR)/build/attack.json OMP_NUM_THREADS=1 \
		$(BIN)/python -m pytest --quiet --numprocesses 0 tests/attack tests/engines/test_postgres_ended.py; \
		status=$$?; $(BIN)/python tests/helpers/attack_figures.py build/attack.json docs/reliability.md && exit $$status

lint: lint-python lint-types lint-sql ## ruff, mypy, import-linter and sqlfluff; all at once with --jobs

lint-python: $(TEST_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

lint-types: $(TEST_READY)
	$(BIN)/mypy

lint-sql: $(TEST_READY)
	$(BIN)/sqlfluff lint $(SQL)

benchmark: $(BENCH_READY) ## Measure the engine and the choice of k against their peers: benchmarks/*.md (an hour)
	$(BIN)/python benchmarks/engine.py --huge 100000000
	$(BIN)/python benchmarks/postgres.py
	$(BIN)/python benchmarks/choose_k.py --family round --seeds 0:200
	$(BIN)/python benchmarks/choose_k.py --family stretched --seeds 0:200

pictures: $(DEMO_READY) data ## Make the README's pictures again from the demo (needs Chromium)
	$(BIN)/python docs/pictures/make.py

docs: $(DOCS_READY) ## Build the documentation site in build/site (MkDocs Material)
	$(BIN)/mkdocs build --strict

compat: ## The wheel in a clean environment, with the least versions it takes and with the newest
	mkdir -p build/compat
	$(PYTHON) tests/compat.py

doors: ## The engines' tests on DuckLake and on an emulator of Snowflake, each in an environment of its own under build/
	$(PYTHON) tests/doors/run.py

golden: $(TEST_READY) ## Write tests/statements/golden anew: the SQL of engines that no test runs
	PYTHONPATH=tests $(BIN)/python -m helpers.golden_files

format: $(TEST_READY) ## Let ruff and sqlfluff mend what they can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix $(SQL)

install: $(TEST_READY) ## Make .venv with segjob, dbt and the test tools

data: $(DATA) ## Make data/*.csv where they are missing

data/customers.csv:
	$(PYTHON) data/make_data.py

data/orders.csv: data/customers.csv
	@test -f $@ || $(PYTHON) data/make_data.py

constraints: ## Take the newest versions that pyproject.toml allows into constraints.txt
	rm -rf build/constraints
	$(PYTHON) -m venv build/constraints
	build/constraints/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	build/constraints/bin/python -m pip install --quiet --editable '.[dbt]' --group dev
	build/constraints/bin/python -m pip freeze --exclude-editable > constraints.txt
	@! grep -nvE '^[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+$$' constraints.txt

clean: ## Remove the environment, the caches and the warehouse
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf target logs dbt_project/target dbt_project/logs
	rm -f *.duckdb *.duckdb.wal dbt_project/*.duckdb dbt_project/*.duckdb.wal

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "segjob needs Python 3.11 or newer; name one with make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# pip reads [dependency-groups] since 25.1.
$(DEMO_READY): pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) install --quiet --upgrade 'pip>=25.1'
	$(PIP) install --quiet --constraint constraints.txt --editable '.[dbt]'
	@touch $@

$(TEST_READY): $(DEMO_READY)
	$(PIP) install --quiet --constraint constraints.txt --group dev
	@touch $@

$(BENCH_READY): $(DEMO_READY)
	$(PIP) install --quiet --group benchmark
	@touch $@

$(DOCS_READY): $(DEMO_READY)
	$(PIP) install --quiet --group docs
	@touch $@
