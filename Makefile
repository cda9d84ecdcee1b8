# make          set up and run the sweep of config.yaml, then print what was recovered; CONFIG=configs/seeds.yaml for another
# make test     set up and run the tests
# make julia    find or fetch Julia for PySR, precompile, prove it with a tiny fit
# make coverage   the fast tests, and which lines of each module they run (takes half as long again)
# make test-pysr  the one test that runs real PySR
# make soak     kills, full disks and more on the real workflow, at random moments, for a long time (SOAK_SEEDS=20)
# make record   add what PySR found in a run here to data/recorded (BUDGET=paper)
# make report   the page of the sweep: results/<sweep>/report.html
# make lint     ruff, snakefmt, snakemake --lint, import-linter, mypy, codespell, and the links of the docs
# make docs     the pages of docs/, into site/
# make lock     write requirements.lock anew from the ranges in pyproject.toml
# make clean    remove what was generated (results, data sets), not the environment

PYTHON ?= python3
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
BIN := .venv/bin
READY := .venv/ready
# make CONFIG=configs/seeds.yaml
CONFIGFILE := $(if $(CONFIG),--configfile $(CONFIG))
SOAK_SEEDS ?= 20
SOAK_FROM ?= 100
# Bars for each rule where a person looks on; plain lines in a log.
LOGGER := $(shell test -t 2 && echo --logger rich)

.PHONY: all test coverage test-pysr soak julia record report docs lint format lock clean
.DELETE_ON_ERROR:

all: $(READY)
	CFTSR_MESSAGE=no $(BIN)/snakemake -j $(JOBS) $(LOGGER) $(CONFIGFILE)
	@$(BIN)/cftsr message $(CONFIGFILE)

$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "error: $(PYTHON) is not Python 3.11, 3.12 or 3.13; run make PYTHON=python3.13, say"; exit 1; }
	@$(PYTHON) -m venv --clear .venv || \
	  { echo "error: $(PYTHON) cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "installing the packages of requirements.lock into .venv ..."
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check -r requirements.lock
	@# so that `cftsr` and `python -m cftsr` work from here; by sh, for the path may have a blank
	@echo "$$(pwd)/workflow/scripts" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/cftsr.pth"
	@printf '#!/bin/sh\nexec "$$(dirname "$$(readlink -f "$$0")")/python" -m cftsr "$$@"\n' > $(BIN)/cftsr
	@chmod +x $(BIN)/cftsr
	@touch $@

# One worker more than cores: the one with the tests of Slurm waits much.
test: $(READY)
	$(BIN)/python -m pytest -n $$(($(JOBS) + 1)) --dist loadgroup tests

coverage: $(READY)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup --cov --cov-report term tests/unit

test-pysr: $(READY)
	$(BIN)/python -m pytest -m pysr -rs tests

# More seeds, or other ones: make soak SOAK_SEEDS=200 SOAK_FROM=1000
soak: $(READY)
	SOAK_SEEDS=$(SOAK_SEEDS) SOAK_FROM=$(SOAK_FROM) $(BIN)/python -m pytest -n $(JOBS) -m soak --durations=0 tests

# Julia is looked for, or fetched, by PySR itself; PYTHON_JULIAPKG_EXE and JULIA_DEPOT_PATH are honoured.
julia: $(READY)
	$(BIN)/snakemake -j 1 .julia/proof.json

record: $(READY)
	$(BIN)/cftsr record $(if $(BUDGET),--config budget=$(BUDGET))

report: $(READY)
	$(BIN)/snakemake -j $(JOBS) report $(CONFIGFILE)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/mypy
	$(BIN)/codespell
	$(BIN)/mkdocs build --strict --quiet --site-dir .mkdocs
	@rm -rf .mkdocs

# The pages of docs/, into site/.
docs: $(READY)
	$(BIN)/mkdocs build --strict

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

# PySR is held at the line nearest to the paper's; 2.x is supported too.
lock:
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check '.[sweep,pysr,report,test]' 'pysr==1.5.10'
	{ echo "# Exact versions of everything, made by 'make lock' (Python 3.11, Linux)."; \
	  .venv-lock/bin/python -m pip freeze --exclude cftsr; } > requirements.lock
	rm -rf .venv-lock build workflow/scripts/cftsr.egg-info

clean:
	rm -rf results data/spectra .snakemake
