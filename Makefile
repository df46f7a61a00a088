# Thin calls of the `coinlake` command and the build tools; `make` prints what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
COINLAKE := $(BIN)/coinlake
ENV ?= dev

.DEFAULT_GOAL := help
.PHONY: help setup demo stream airflow up down status dashboard backfill test check spark spark-test versions-test workflows-test snowflake-test chaos airflow-test load-test upgrade-test destroy-test prove-permissions bench bench-spark build pins bootstrap deploy destroy cost clean checkov

help: ## Print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/ready ## Create .venv with everything pinned

$(VENV)/ready: tools/requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "coinlake needs Python 3.11 or newer; set PYTHON=python3.12, say"; exit 1; }
	@echo "setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -qq --disable-pip-version-check --require-hashes -r tools/requirements/dev.txt
	@$(BIN)/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Deploy the whole lake on this machine, run it, show what landed (LIVE=1: real exchanges)
	@$(COINLAKE) demo $(if $(LIVE),--live)

stream: setup ## Listen to exchange websockets, live: make stream (SECONDS=30, LIVE=1: real exchanges)
	@$(COINLAKE) stream $(if $(LIVE),--live) $(if $(SECONDS),--seconds "$(SECONDS)")

airflow: setup ## Airflow with the DAGs of orchestration/ over this laptop's lake, which is up (PORT=…)
	@$(COINLAKE) airflow $(if $(PORT),--port $(PORT))

up: setup ## Deploy the lake on this machine and leave it running (LIVE=1: real exchanges)
	@$(COINLAKE) up $(if $(LIVE),--live)

down: setup ## Stop what `make demo` or `make up` started; data stays
	@$(COINLAKE) down

status: setup ## Freshness, rows per zone, quarantine, queues, mails (of this laptop, or ENV=dev)
	@$(COINLAKE) status $(if $(filter command line environment,$(origin ENV)),--env $(ENV))

dashboard: setup ## The dashboard in the browser, over this laptop's data or ENV=dev's (PORT=…)
	@$(COINLAKE) dashboard $(if $(PORT),--port $(PORT)) $(if $(filter command line environment,$(origin ENV)),--env $(ENV))

backfill: setup ## Fetch history: make backfill SOURCE=coinbase ASSETS=BTC,ETH INTERVAL=1d START=2025-11-21 (END=, YES=1)
	@$(COINLAKE) backfill --source "$(SOURCE)" --start "$(START)" $(if $(END),--end "$(END)") \
	  $(if $(ASSETS),--assets "$(ASSETS)") $(if $(INTERVAL),--interval "$(INTERVAL)") $(if $(YES),--yes)

test: setup ## Set up and pass every test, the deployed stack included
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --ignore=tests/workflows --ignore=tests/orchestration --ignore=tests/snowflake --ignore=tests/spark --ignore=tests/versions

check: setup ## Format, lint, types, who imports whom, Terraform format, GitHub's workflows
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports --no-cache --no-logo \
	  && terraform fmt -check -recursive terraform && $(BIN)/python -m tools.workflows

versions-test: setup ## Prove that another pyarrow writes the same bytes, so that its upgrade changes no part
	@COINLAKE_VERSIONS_REQUIRED=1 $(BIN)/python -m pytest -q tests/versions

workflows-test: setup ## Prove GitHub's deployment: plan and apply as its roles on the embedded AWS (four minutes)
	@$(BIN)/python -m pytest tests/workflows

chaos: setup ## The live collector's chaos test in full: 200,000 trades, every fault, nothing lost (six minutes)
	@$(BIN)/python -m tests.integration.stream

airflow-test: setup ## Prove the DAGs of orchestration/ by two versions of Airflow over the deployed stack (Java 17; 1.4 GB, once)
	@$(BIN)/python -m ops.local.spark
	@COINLAKE_SPARK_REQUIRED=1 $(BIN)/python -m pytest tests/orchestration

load-test: setup ## Put the deployed stack under 10 and 100 times the default load, then 5,000 objects at once (MINUTES=2, BURST=5000)
	@$(BIN)/python -m tests.load_test $(if $(MINUTES),--minutes "$(MINUTES)") $(if $(BURST),--burst "$(BURST)")

upgrade-test: setup ## Prove that an earlier deployment upgrades to this one without a loss (FROM=revision)
	@$(BIN)/python -m tests.upgrade $(FROM)

destroy-test: setup ## Prove that a destroyed stack leaves nothing in the account (eight minutes)
	@$(BIN)/python -m tests.destroy

prove-permissions: setup ## Take every permission away and see what fails without it; writes docs/permissions.md (twenty minutes)
	@$(BIN)/python -m tests.permissions

checkov: setup ## checkov on the whole plan with every option on; writes docs/checkov.md (three minutes)
	@$(BIN)/python -m tests.checkov

spark: setup ## Rebuild this laptop's lake on Spark and compare; after make demo (Java 17; 700 MB, once)
	@$(BIN)/python -m ops.local.spark
	@$(COINLAKE) up --spark
	@$(COINLAKE) rebuild --on spark --only all --yes
	@$(COINLAKE) rebuild --check

spark-test: setup ## Prove the rebuild on a real Spark, and read every table with it (Java 17; 700 MB, once)
	@$(BIN)/python -m ops.local.spark
	@COINLAKE_SPARK_REQUIRED=1 $(BIN)/python -m pytest -q tests/spark tests/integration/test_readers.py

snowflake-test: setup ## Run Snowflake's SQL against a stand-in of it, fakesnow (350 MB, once)
	@[ -f build/snowflake/ready ] || { $(PYTHON) -m venv build/snowflake && build/snowflake/bin/pip install -qq \
	  --disable-pip-version-check --require-hashes -r tests/snowflake/requirements.txt && touch build/snowflake/ready; }
	@$(BIN)/python -m pytest -q tests/snowflake

bench: setup ## Measure the hot paths against named peers (GROWTH=picture.png: cost as events, symbols, history grow)
	@$(BIN)/python -m bench $(if $(GROWTH),--growth "$(GROWTH)")

bench-spark: setup ## A hundred million mini-tickers through the Spark job and beside it (25 minutes; ARGS=--rows=…)
	@$(BIN)/python -m bench.spark $(ARGS)

build: setup ## Build the zips and layers for this machine
	@$(BIN)/python -m tools.build

pins: setup ## Resolve the pinned requirements anew
	@$(BIN)/python -m tools.pins

bootstrap: setup ## Create the state bucket in your AWS account: make bootstrap ENV=dev
	@$(COINLAKE) bootstrap $(ENV)

deploy: setup ## Deploy to AWS: make deploy ENV=dev
	@$(COINLAKE) deploy $(ENV)

destroy: setup ## Remove from AWS: make destroy ENV=dev
	@$(COINLAKE) destroy $(ENV)

cost: setup ## Price Terraform's plan, write docs/costs.md; fails above one dollar a month, or five at list prices
	@$(BIN)/python -m ops.cost

clean: ## Remove everything that was built here, the local lake included
	@if [ -x $(COINLAKE) ]; then $(COINLAKE) down --wipe; fi
	@rm -rf build $(VENV) terraform/.terraform
