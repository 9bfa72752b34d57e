.DEFAULT_GOAL := help
.PHONY: help demo test lint notebooks mutants release grade report bench lab wheel clean
PYTHON ?= python3
A ?= attention
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
unexport PYTHONDONTWRITEBYTECODE  # or each of the many processes that tests start compiles it all

help:       ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

$(BIN)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[grade,text,dask,postgres,dev]'
	touch $@

demo: $(BIN)/.installed       ## the main job: a sample class from source to grades, feedback and report
	autograder sample $(A)
	autograder grade $(A)

test: $(BIN)/.installed lint  ## lint, all tests: that the notebooks are current among them
	pytest

lint: $(BIN)/.installed       ## format and lint
	ruff format --check --quiet .
	ruff check --quiet .
	mypy --no-error-summary

notebooks: $(BIN)/.installed  ## build notebooks/ from solutions/
	autograder build

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

clean:      ## remove build/, the gradebook and keys in it included; asks first
	@read -p "Remove build/ with the gradebook and the course secret? [y/N] " answer; [ "$$answer" = y ] && rm -rf build
