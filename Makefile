# make demo    a report on the CT of CT=path, or on a synthetic chest
# make test    ruff, types, import rules, tests
# make window  the module in a window of its own, without Slicer, on the CT of CT=path or on a synthetic chest
# make screenshots   a picture of each of the module's eight steps, into docs/pictures; with CT=path into demo-pictures
# make bench   the figures of docs/benchmarks.md
# make models  the shipped models and those that judge them, into the new folder MODELS=path: hours of two cores
# make soak    the fault tests at length: 500 kills, 400 submissions at once, the module loaded again 50 times
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CT ?=
MODELS ?= models
DISPLAY_PACKAGES := libegl1 libegl-mesa0 libgl1-mesa-dri libgl1 libx11-6 libxkbcommon0 libfontconfig1 libdbus-1-3 fonts-dejavu-core

.PHONY: demo test test-host test-library window screenshots bench models soak clean check-python check-display
.DEFAULT_GOAL := demo
HOST_TESTS := Testing/unit/embedded_host Testing/unit/slicer_app Testing/unit/module

demo: $(VENV)/installed
	@folder=demo-output; n=1; while [ -e "$$folder" ]; do n=$$((n + 1)); folder=demo-output-$$n; done; \
	  $(BIN)/covidquant $(if $(CT),quantify "$(CT)",demo) --output "$$folder"

test: check-display $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@$(MAKE) --no-print-directory -j2 test-host test-library

# The module's tests in the embedded host and all others, side by side; the host's are printed when they have ended.
test-host:
	@$(BIN)/pytest $(HOST_TESTS) > $(VENV)/test-host.log 2>&1; status=$$?; cat $(VENV)/test-host.log; exit $$status

test-library:
	$(BIN)/pytest $(addprefix --ignore=,$(HOST_TESTS))

window: check-display $(VENV)/installed-dev
	@$(BIN)/python -m Testing.embedded_host.window $(if $(CT),"$(CT)")

screenshots: check-display $(VENV)/installed-dev
	$(BIN)/python -m Testing.screenshots $(if $(CT),demo-pictures "$(CT)",docs/pictures)

bench: $(VENV)/installed-dev
	$(BIN)/python -m Testing.benchmarks

models: $(VENV)/installed-dev
	$(BIN)/python -m Testing.models "$(MODELS)/data"
	$(BIN)/python -m Testing.models.training "$(MODELS)/data" "$(MODELS)"
	mkdir -p "$(MODELS)/figures"
	$(BIN)/python -m Testing.benchmarks.painted_lesions "$(MODELS)/data" "$(MODELS)" "$(MODELS)/figures/infection.json"
	$(BIN)/python -m Testing.benchmarks.dense_lungs "$(MODELS)/data" "$(MODELS)" "$(MODELS)/figures/lungs.json"
	$(BIN)/python -m Testing.models.shipping "$(MODELS)" "$(MODELS)/figures" "$(MODELS)/shipped"

soak: check-display $(VENV)/installed-dev
	$(BIN)/pytest Testing/faults Testing/unit/module -m soak -s

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache

$(VENV)/installed: pyproject.toml constraints.txt | check-python
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

check-python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "CovidQuant needs Python 3.11 or later. Install it, or name it: make demo PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing. Install it: sudo apt-get install python3-venv"; exit 1; }

check-display: check-python
	@$(PYTHON) -c 'import ctypes; [ctypes.CDLL(name) for name in ("libEGL.so.1", "libGL.so.1", "libX11.so.6")]' 2>/dev/null || \
	  [ "$$(uname -s)" != Linux ] || \
	  { echo "The display libraries are missing. Install them: sudo apt-get install $(DISPLAY_PACKAGES)"; exit 1; }
