# What a fresh machine needs: Linux, Python 3.11 or later, make. Nothing here needs root or a server of its own.
PYTHON ?= python3
export YEDANG_HOME ?= $(CURDIR)/.yedang
BIN := .venv/bin

.PHONY: setup run test check bench docs clean

setup: .venv/installed ## make .venv with everything the office needs

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更新 / Python 3.11 or later is needed"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

run: setup ## build the demonstration once, then serve it on 127.0.0.1:8000
	@$(BIN)/yedang demo
	@$(BIN)/yedang serve --with-worker

test: setup ## everything that CI runs
	@$(BIN)/python -m tests.ci

bench: setup ## measure beside the peers; writes docs/benchmarks.md
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,bench]'
	$(BIN)/python -m bench.run

docs: setup ## write docs/commands.md and docs/reference.md anew
	$(BIN)/python -m web.commands.reference

clean: ## forget the environment; the data in $(YEDANG_HOME) stays
	rm -rf .venv
