# Two commands matter: make book and make test. Each sets up what it needs in .venv.
SHELL := /bin/bash
PYTHON := .venv/bin/python
ENVIRONMENT := .venv/ready
BOOK := _build/ready

LIBRARY := $(shell find optlearn book/studies -type f -not -name '*.pyc')
MAKING := $(shell find book/_ext book/_static book/_templates -type f -not -name '*.pyc') _config.yml
CHAPTERS := $(shell find book -type f \( -name '*.md' -o -name '*.ipynb' -o -name '*.bib' -o -name '*.quiz' \) -not -path '*/.*')
PYTEST := $(PYTHON) -m pytest -q -n logical
NBVAL := --nbval --nbval-current-env --nbval-cell-timeout 120
# What looks at the built book.
NOT_BUILT := --ignore tests/test_pages.py --ignore tests/test_teaching.py
# With more threads than cores, small matrix products wait for each other; with one, sums have one order as well.
export OMP_NUM_THREADS := 1
# A hundred processes import the library: the first one compiles it for all.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help env book chapter slides sheets pdf quick test pool lint unit notebooks pages lab execute study mutants \
        equations stubs links colab lock floor address bench types clean

help:  ## Show this list
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 18

env: $(ENVIRONMENT)  ## Make or update the environment

$(ENVIRONMENT): requirements.txt pyproject.toml constraints/book.txt
	@for python in python3 python3.11 python3.12 python3.13 python3.14; do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; python=; \
	done; \
	if [ -z "$$python" ]; then echo "optlearn needs Python 3.11 or newer, and finds none." >&2; exit 1; fi; \
	[ -x .venv/bin/pip ] || "$$python" -m venv .venv
	$(PYTHON) -m pip install -q -r requirements.txt -c constraints/book.txt
	@touch $@

book: $(BOOK)  ## Build the book
	@echo "Open $(CURDIR)/_build/html/index.html"

# When what makes the pages changes, all are made again; notebooks run again when what they opened changed
# (book/_ext/executions.py). After a failure everything is read again: a warning is only given when a page is read.
_build/pages: $(ENVIRONMENT) $(MAKING)
	@rm -rf _build/html _build/.doctrees && mkdir -p _build && touch $@

$(BOOK): _build/pages $(LIBRARY) $(CHAPTERS) _toc.yml
	@$(PYTHON) tools/book.py || { rm -f _build/pages; exit 1; }
	@touch $@

chapter: $(ENVIRONMENT)  ## Build one page alone, while writing: NB=book/momentum/nesterov.ipynb
	@$(PYTHON) tools/chapter.py $(NB)

slides: $(BOOK)  ## Make slides of the chapters, beside their pages: all, or DECK=nesterov
	@$(PYTHON) tools/slides.py $(DECK)

sheets: $(BOOK)  ## Make exercise sheets (PDF and notebook, without and with solutions): all, or DECK=nesterov
	@$(PYTHON) tools/sheets.py $(DECK)

pdf: $(BOOK)  ## Make one PDF of the book, _build/optlearn.pdf (minutes; needs Chromium)
	@$(PYTHON) tools/pdf.py

quick: $(ENVIRONMENT)  ## Test what changed since the last commit, as far as half a minute goes, and say what was left out
	@$(PYTHON) tools/quick.py

# Until the tests are collected a core has nothing to do.
test: $(BOOK)  ## Check style, code, notebooks and pages
	@$(MAKE) --no-print-directory -j2 lint pool

pool: $(BOOK)
	$(PYTEST) $(NBVAL) book tests optlearn

lint: $(ENVIRONMENT)
	.venv/bin/ruff check
	@.venv/bin/basedpyright --level error tests/typing & other=$$!; \
	.venv/bin/mypy; found=$$?; wait $$other && exit $$found

unit: $(ENVIRONMENT)
	$(PYTEST) -p no:nbval $(NOT_BUILT)

notebooks: $(ENVIRONMENT)
	$(PYTEST) $(NBVAL) book

pages: $(BOOK)
	$(PYTEST) -p no:nbval tests/test_pages.py tests/test_teaching.py

lab: $(ENVIRONMENT)  ## Open copies of the chapters in JupyterLab, with live explorers: yours to change
	@$(PYTHON) tools/copies.py
	JUPYTER_CONFIG_PATH="$(CURDIR)/tools/lab" .venv/bin/jupyter lab lab

execute: $(ENVIRONMENT)  ## Run notebooks and store their outputs: all, or NB="book/momentum/nesterov.ipynb ..."
	$(PYTHON) tools/execute.py $(NB)

study: $(ENVIRONMENT)  ## Run a longer study and keep its results: NAME=why_adam (minutes); SAMPLE=12 runs that many again
	$(PYTHON) tools/study.py $(if $(SAMPLE),--sample $(SAMPLE)) $(NAME)

mutants: $(ENVIRONMENT)  ## Change one term of each rule at a time and list what no claim notices: all, or NB="..." (minutes)
	$(PYTHON) tools/mutants.py $(NB)

equations: $(ENVIRONMENT)  ## Record the equations of all rules anew (after a new rule, or a change of one)
	$(PYTHON) tests/rules/test_equations.py

links: $(ENVIRONMENT)  ## Check the links that lead out of the book (needs the network)
	.venv/bin/jupyter-book build --builder linkcheck --path-output _build/links .

colab: $(ENVIRONMENT)  ## Make the notebooks of the Colab buttons, which install the library first
	@$(PYTHON) tools/colab.py

lock: $(ENVIRONMENT)  ## Write the installed versions into constraints/book.txt
	$(PYTHON) tools/lock.py

floor: $(ENVIRONMENT)  ## Test the library with the lowest versions that pyproject.toml allows, in an environment of its own (minutes)
	[ -x _build/floor/bin/python ] || $(PYTHON) -m venv _build/floor
	_build/floor/bin/python -m pip install -q 'pip>=25.1'
	_build/floor/bin/python -m pip install -q -c constraints/floor.txt '.[book,fast]' --group test --group site
	_build/floor/bin/python -m pip uninstall -q -y optlearn
	PYTHONPATH="$(CURDIR)" _build/floor/bin/python -m pytest -q -n logical $(NOT_BUILT)

address:  ## Say where the repository and the site are: REPOSITORY=https://github.com/me/optlearn (SITE=https://...)
	@$(PYTHON) tools/address.py $(REPOSITORY) $(SITE)

stubs: $(ENVIRONMENT)  ## Write what classes declare for checkers of types (after a change of a declaration)
	$(PYTHON) tools/stubs.py

types:  ## Check the types of the explorer's JavaScript (needs Node; readers do not)
	npx --yes --package typescript@5 tsc -p optlearn/explorer/js/tsconfig.json

bench: $(ENVIRONMENT)  ## Measure speed beside other libraries, which this installs
	$(PYTHON) -m pip install -q 'pip>=25.1'
	$(PYTHON) -m pip install -q --group peers
	$(PYTHON) benchmarks/run.py

clean:  ## Remove what was built; the environment stays
	rm -rf _build .pytest_cache .ruff_cache .mypy_cache .hypothesis
