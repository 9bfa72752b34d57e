.DEFAULT_GOAL := help
.PHONY: help demo test test-all lint docs notebooks mutants release grade report bench lab wheel \
        reproduce site constraints clean
PYTHON ?= python3
A ?= attention
BIN := .venv/bin
OUTSIDE := $(PATH)
export PATH := $(CURDIR)/$(BIN):$(PATH)
unexport PYTHONDONTWRITEBYTECODE  # or each of the many processes that tests start compiles it all

help:       ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

$(BIN)/pip: export PATH := $(OUTSIDE)  # the Python of what is half made shall not make the next
$(BIN)/pip:  # comes last into a new .venv: without it what is there is half made
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null || { \
	  echo "Python 3.11 to 3.14 is needed; $(PYTHON) says \"$$($(PYTHON) -V 2>&1 | head -n 1)\"." \
	       "Say PYTHON=/path/to/python." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip; ensurepip.version()' 2>/dev/null || { \
	  echo "$(PYTHON) makes no environments: install python3-venv (Debian, Ubuntu: apt install" \
	       "python3-venv) or say PYTHON=/path/to/python." >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv

$(BIN)/.installed: pyproject.toml constraints.txt | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[grade,text,transformers,pictures,dask,postgres,parquet,dev]'
	touch $@

demo: $(BIN)/.installed       ## the main job: a sample class from source to grades, feedback and report
	autograder sample $(A)
	autograder grade $(A)

test: $(BIN)/.installed lint  ## lint, tests: that the notebooks are current among them
	pytest

test-all: $(BIN)/.installed lint  ## those too that take minutes or need the package index
	pytest -m ""

lint: $(BIN)/.installed       ## format, lint, types, floors
	ruff format --check --quiet .
	ruff check --quiet .
	mypy --no-error-summary
	@lint-imports --no-logo >/dev/null || lint-imports --no-logo

docs: $(BIN)/.installed       ## the documentation as a site, in build/docs
	sphinx-build -q -W docs build/docs

notebooks: $(BIN)/.installed  ## build notebooks/ from solutions/
	autograder build

reproduce: $(BIN)/.installed  ## measure the figures that notebooks state, what is missing; write FIGURES.md
	autograder reproduce

mutants: $(BIN)/.installed    ## break every reference; list what the hidden cases miss
	autograder mutate

release: $(BIN)/.installed    ## A=attention: build it and enter it in the gradebook
	autograder release $(A)

grade: $(BIN)/.installed      ## A=attention: grade build/submitted, write scores and feedback
	autograder grade $(A)

report: $(BIN)/.installed     ## A=attention: print the class table again
	autograder report $(A)

bench: $(BIN)/.installed      ## A=attention: time grading beside stock nbgrader, write BENCHMARK.md
	autograder bench $(A)

lab: $(BIN)/.installed        ## JupyterLab with the formgrader, for grading by hand
	jupyter lab

wheel: $(BIN)/.installed      ## the wheel that students install, in build/
	pip wheel --quiet --no-deps --wheel-dir build .

site: wheel                   ## the folder for students, in build/site: notebooks, wheel, data, a page
	autograder site

catalogues: $(BIN)/.installed ## the sentences of checks for translators, in autograder/checks/locale
	pybabel -q extract -k _ -k N_ -k tr --no-location --width=100 \
	  --project=coursework-kit --msgid-bugs-address=none -o build/checks.pot autograder
	pybabel -q update -D checks -i build/checks.pot -d autograder/checks/locale --no-fuzzy-matching \
	  --ignore-obsolete --ignore-pot-creation-date --width=100
	pybabel -q compile -D checks -d autograder/checks/locale

constraints: | $(BIN)/pip     ## pin again what was tested, for every Python; UPGRADE=--upgrade: the newest
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt uv
	UV_CUSTOM_COMPILE_COMMAND="make constraints" uv pip compile --quiet --no-python-downloads \
	  --universal --python-version 3.11 --fork-strategy fewest --all-extras --no-annotate \
	  $(UPGRADE) -o constraints.txt pyproject.toml

clean:      ## remove build/, the gradebook and keys in it included; asks first
	@read -p "Remove build/ with the gradebook and the course secret? [y/N] " answer; [ "$$answer" = y ] && rm -rf build
