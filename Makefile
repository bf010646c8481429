# GNU make on macOS and Linux. Windows: the four lines under "Windows" in README.md do the same.
#
#   make demo     hear (and see) a loop that MAGNeT makes from words, over OSC
#   make test     lint, types and tests: what CI runs
#   make soak     eight decks for ten minutes on JACK, as CI runs it
#   make lint     ruff and mypy only
#   make bench    measure speed and latency; with AUDIOCRAFT=folder of its repository also against that
#   make train    make the embedded model again from nothing, and measure it (hours; SIZE=cpu or gpu)
#   make evaluate measure the embedded model on what it never heard: docs/embedded-model (1.5 hours; goes on where it was stopped)
#   make presets  choose each preset's seed anew, for new weights, and write docs/presets.md (15 minutes)
#   make wheel    build dist/*.whl
#   make plugin   build the LV2 plugin into build/magnet.lv2 (a C compiler and the LV2 headers)
#   make clean    remove .venv and what the tools left; your clips stay
#
# Another Python: make PYTHON=/path/to/python3.12 demo

SHELL = /bin/sh
VENV = .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready
SIZE = cpu
PYTHON = python3.12 python3.13 python3.11 python3.14 python3 python

.PHONY: help demo test soak lint bench train evaluate presets wheel plugin clean

help:
	@sed -n 's/^#   //p' Makefile

demo: $(READY)
	$(BIN)/magnet-bridge demo

test: lint
	$(BIN)/python -m pytest

soak: $(READY)
	$(BIN)/python -m pytest -s tests/soak

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python benchmarks/accepted_latency.py
	$(BIN)/python benchmarks/model_load.py
	$(BIN)/python benchmarks/gpu.py
	$(BIN)/python benchmarks/cpu.py
	$(BIN)/python benchmarks/embedded_server.py
	$(BIN)/python benchmarks/report.py

train: $(READY)
	$(BIN)/python -m osc_server.training --size $(SIZE)
	$(BIN)/python -m osc_server.training.evaluation --size full --model train/embedded --out report

evaluate: $(READY)
	$(BIN)/python -m osc_server.training.evaluation --size standard --out docs/embedded-model

presets: $(READY)
	$(BIN)/python -m osc_server.training.evaluation.choosing --write
	$(BIN)/python -m osc_server.training.evaluation.listening

wheel: $(READY)
	$(BIN)/python -m build --wheel --no-isolation

plugin:
	$(MAKE) -C daw_bridge/integrations/lv2

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
	find daw_bridge osc_server tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment. The stamp is written last, so that an install cut short is done again.
$(READY): pyproject.toml constraints.txt
	@python=''; \
	for name in $(PYTHON); do \
	  if command -v "$$name" >/dev/null 2>&1 && \
	     "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    python=$$name; break; \
	  fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo 'magnet-bridge needs Python 3.11 or newer. Looked for: $(PYTHON)' >&2; \
	  echo 'Install it with your package manager or from python.org, then run make again,' >&2; \
	  echo 'or say where it is: make PYTHON=/path/to/python3.12 demo' >&2; \
	  exit 1; \
	fi; \
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	  echo "Making $(VENV) with $$("$$python" --version)"; \
	  "$$python" -m venv --clear $(VENV) || { \
	    rm -rf $(VENV); \
	    echo 'Python could not make an environment. On Debian or Ubuntu: apt install python3-venv' >&2; \
	    exit 1; \
	  }; \
	fi
	@echo 'Installing what magnet-bridge needs; torch is large, so the first time takes minutes'
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)
