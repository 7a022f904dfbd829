# Everything a newcomer needs: `make run`, `make test`. Nothing but Python 3.11+ and make has to be there.
.DEFAULT_GOAL := help
# The first Python that is new enough and starts (a shim of pyenv may exist without a Python behind it).
PYTHON ?= $(shell for python in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
export DO_NOT_TRACK := 1
# Modules are compiled once, whatever the environment says: each process that imports torch is ten seconds late otherwise.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help install run test coverage test-long check bench fortnight lock viz report clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

install: $(VENV)/.installed  ## make .venv and install what requirements.lock pins

$(VENV)/.installed: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Auricle needs Python 3.11 or newer, and found none: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

run: install  ## ingest, cache, train, evaluate and report, on a corpus that Auricle synthesizes
	$(BIN)/kedro run

# In the order of their names: by the number of tests, as xdist has them, the files of the longest tests come last,
# and all processes but one wait for them.
TEST = OMP_NUM_THREADS=1 $(BIN)/pytest -m "not long" --numprocesses=auto --dist=loadfile --no-loadscope-reorder --max-worker-restart=0

test: install  ## the tests, but for those of test-long
	$(TEST)

coverage: install  ## the same tests, with the lines that none of them reaches; half as long again
	$(TEST) --cov --cov-report=term

test-long: install  ## notebooks, several processes, whole runs and trainings, nights of retraining, a fresh environment: an hour and a half more
	$(BIN)/pytest -m long

check: install  ## ruff, mypy strict, import-linter
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install  ## the benchmarks, ours beside the reference
	$(BIN)/python benchmarks/cache.py
	$(BIN)/python benchmarks/train_cnn.py
	$(BIN)/python benchmarks/models.py
	$(BIN)/python benchmarks/loader.py
	$(BIN)/python benchmarks/near_duplicates.py
	$(BIN)/python benchmarks/waveform_augmentation.py
	$(BIN)/python benchmarks/notes.py
	$(BIN)/python benchmarks/onnx.py
	$(BIN)/python benchmarks/passages.py
	$(BIN)/python benchmarks/predict.py
	$(BIN)/python benchmarks/rating.py
	$(BIN)/python benchmarks/wav2vec2.py
	$(BIN)/python benchmarks/similarity.py
	$(BIN)/python benchmarks/out_of_domain.py
	$(BIN)/python benchmarks/incremental.py

fortnight: install  ## fourteen simulated nights of retraining, and of four more seeds those that decide: an hour of one core
	$(BIN)/python benchmarks/fortnight.py

viz: install  ## open the pipelines in a browser
	$(BIN)/kedro viz run

lock: install  ## pin the dependencies of pyproject.toml again
	UV_CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --universal \
		--python-version 3.11 --extra pipelines --extra onnx --extra lora --extra similarity --extra rating --extra hub --extra tags --extra tracking --extra dev pyproject.toml --output-file requirements.lock

clean:  ## remove what runs have made, but neither .venv nor raw recordings
	rm -rf data/0[2-8]_* data/01_raw/demo_*
