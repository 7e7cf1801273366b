# The workshop. Everything that is missing is set up first; a second run takes a second or two.
# ARGS reaches the program behind run, test and bench: make test ARGS="tests/core -x"

.PHONY: help run test soak setup check format docs bench lock clean venv
ARGS ?=
PY := .venv/bin/python

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-9s%s\n", $$1, $$2 }'

run: venv ## start Asterisk and the gateway in the foreground; Ctrl-C ends both
	@$(PY) -m gateway.setup.workshop run
	@.venv/bin/gateway demo begin
	@exec .venv/bin/gateway run $(ARGS)

test: setup ## run every test, those on a real Asterisk too, in three processes
	@exec $(PY) -m pytest -n 3 --no-loadscope-reorder $(ARGS)

soak: setup ## run the long tests, of which make test runs a short form
	@exec $(PY) -m pytest -m soak $(ARGS)

setup: venv ## set up what run and test need, and nothing else
	@$(PY) -m gateway.setup.workshop test

check: venv ## lint, format, types, walls between the packages, docs
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-logo
	@$(PY) -m pytest tests/test_walls.py tests/test_docs.py

format: venv ## format the code and mend what ruff can
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

docs: venv ## renew the tables in docs/ that are made from the code
	@$(PY) -m gateway.setup.reference

pictures: venv ## renew the pictures of the manuals; `ARGS=name` renews some
	@$(PY) -m gateway.setup.workshop pictures
	@exec $(PY) -m tests.web.pages.pictures $(ARGS)

bench: setup ## measure speed and memory; the table is printed
	@exec $(PY) -m bench $(ARGS)

lock: venv ## make both requirements files anew from pyproject.toml
	@scripts/lock

clean: ## remove .venv and what tools left; var/ and the user's cache stay
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis build *.egg-info
	find . -name __pycache__ -not -path './var/*' -prune -exec rm -rf {} +

venv:
	@scripts/venv
