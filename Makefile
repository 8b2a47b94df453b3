# Every target sets up what it needs: a virtual environment with the versions of constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: gpu objects words demo test fuzz check bench pictures gallery render clean

demo: $(READY)  ## the main job: fit MNIST's digits 0 and 1 by three methods, write demo/report.html
	$(BIN)/chalknet demo --out demo

test: check  ## every check and every test, and a minute of fuzz
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist worksteal
	$(BIN)/python -m tests.fuzz 60

fuzz: $(READY)  ## damaged texts, programs and files, each read or refused: make fuzz SECONDS=60 SEED=7
	$(BIN)/python -m tests.fuzz $(or $(SECONDS),600) $(SEED)

check: $(READY)  ## format, lint, types, and which room may import which
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)  ## the loop everyone writes against cn.fit, interleaved; writes docs/benchmarks.md
	$(BIN)/python -m benchmarks

gpu: $(READY)  ## on a machine with a GPU: fused_cuda's tests, times, and compute-sanitizer's checks
	mkdir -p build/gpu
	PATH="$(CURDIR)/$(BIN):$$PATH" bash tools/cuda_check.sh build/gpu

words: $(READY)  ## bring the catalogues of other languages up to date with the code, list what is missing
	$(BIN)/python tools/words.py

objects: $(READY)  ## compile the engine fused_cpu anew, after a change of its sources
	$(BIN)/python tools/compile_objects.py

pictures: $(READY)  ## the pictures of the README, made by the product
	$(BIN)/chalknet demo --out demo
	mkdir -p docs/pictures
	cp demo/*.svg docs/pictures/

gallery: $(READY)  ## every dialect drawn; writes docs/gallery.md
	$(BIN)/python tools/gallery.py

render: $(READY)  ## fetch Graphviz and Mermaid from npm, and let them take every drawing
	npm install --silent --prefix tests/render
	$(BIN)/pytest tests/drawing/test_render.py

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "chalknet needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) demo build dist .mypy_cache .ruff_cache .hypothesis .import_linter_cache
