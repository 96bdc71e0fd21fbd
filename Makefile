# What a fresh machine needs: Linux, Python 3.11 or later, make. Nothing here needs root or a server of its own.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: setup run test browser bench gallery docs

setup: .venv/installed ## make .venv with everything the office needs

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "需要 Python 3.11 或更新的版本 / Python 3.11 or later is needed"; exit 1; }
	$(PYTHON) -m venv .venv
	$(INSTALL) -e '.[dev]'
	@touch $@

run: export YEDANG_HOME ?= $(CURDIR)/.yedang
run: setup ## build the demonstration in an empty data folder, then serve it on 127.0.0.1:8000
	@$(BIN)/yedang demo
	@$(BIN)/yedang serve --with-worker

test: setup browser ## everything that CI runs; what was skipped stands in the last lines
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -rs -n auto --maxprocesses 4 --dist worksteal

browser: ## a browser for the browser tests, where this machine may install one
	@command -v chromium chromium-browser google-chrome >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
	  || echo "没有浏览器,跳过浏览器测试 / no browser here: the browser tests are skipped"

bench: setup ## measure beside the peers; writes docs/benchmarks.md
	$(INSTALL) -e '.[dev,bench]'
	$(BIN)/python -m bench.run

gallery: setup ## draw every form as a picture into the folder gallery, and the few that the README shows
	$(BIN)/yedang form gallery --out gallery
	$(BIN)/python -m forms.gallery docs/pictures

docs: setup ## write docs/commands.md and docs/reference.md anew
	$(BIN)/python -m web.commands.reference
