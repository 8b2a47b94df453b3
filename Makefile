# Every target sets up what it needs: a virtual environment with the versions of constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYODIDE := tools/site/node_modules/pyodide

.PHONY: gpu objects words demo test fuzz check bench pictures gallery lessons render wheel docs docs-serve clean

demo: $(READY)  ## the main job: fit MNIST's digits 0 and 1 by three methods, write demo/report.html
	$(BIN)/chalknet demo --out demo

test: check  ## every check and every test, and a minute of fuzz
	$(BIN)/python -m compileall -q src tests  # once, not in each of the hundreds of processes of the tests
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --dist worksteal  # many tests wait
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

lessons: $(READY)  ## run the notebooks of docs/lessons anew and keep their outputs
	$(BIN)/python tools/lessons.py

render: $(READY)  ## fetch Graphviz and Mermaid from npm, and let them take every drawing
	npm install --silent --prefix tests/render
	$(BIN)/pytest tests/drawing/test_render.py

wheel: $(READY)  ## dist/: a wheel for this system with the engine compiled, and one without, the same everywhere
	CHALKNET_WHEEL=1 $(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .
	CHALKNET_WHEEL=pure $(BIN)/hatchling build -t wheel

docs: $(READY) $(PYODIDE)  ## site/: the documentation, with the page that runs chalknet in the browser
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

docs-serve: $(READY) $(PYODIDE)  ## the documentation on http://127.0.0.1:8000, built anew at each change
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

# Python for the browser. Without npm the site is built too, and its first page says what is missing.
$(PYODIDE): tools/site/package.json
	npm install --silent --prefix tools/site && touch $(PYODIDE) || echo "without npm: the site has no page to try"

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "chalknet needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) demo build dist site .mypy_cache .ruff_cache .hypothesis .import_linter_cache
