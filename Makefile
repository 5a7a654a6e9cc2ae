# The single entrance. `make help` lists everything.
# `uv` is used where it is on PATH; else a copy of our own is put into .tools/.
SHELL := /bin/sh
PYTHON ?= python3
TOOLS := $(CURDIR)/.tools
UV := $(shell command -v uv 2>/dev/null || echo $(TOOLS)/bin/uv)
# The machine's own certificates: many networks put theirs before the package index.
export UV_SYSTEM_CERTS ?= 1
RUN := $(UV) run --frozen --no-progress

# The cluster of `make cluster-up`, `cluster-down`, `cluster-status`: NODE=v2 is the one whose node
# has cgroup v2, beside the usual one.
ifdef NODE
export PODX_CLUSTER_NODE := $(NODE)
endif
# The cluster of `make cluster-up`, `e2e`, `incidents`: another release, another runtime.
ifdef KUBERNETES
export PODX_CLUSTER_KUBERNETES := $(KUBERNETES)
endif
ifdef RUNTIME
export PODX_CLUSTER_RUNTIME := $(RUNTIME)
endif

.DEFAULT_GOAL := help
.PHONY: help install dist manifest test-install portable release-check lint-workflows bench bench-guard bench-scale docs record-demo record-samples record-session demo test test-versions test-pages screenshots fuzz lint format e2e e2e-v2 incidents incident cluster-up cluster-down cluster-status check ci clean

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1	\2/p' $(MAKEFILE_LIST) | expand -t 18

$(TOOLS)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: podx needs Python >= 3.11; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(TOOLS) 2>/dev/null || \
	  { rm -rf $(TOOLS); echo "error: $(PYTHON) has no venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.5,<1'

.venv/.synced: pyproject.toml uv.lock | $(filter $(TOOLS)/%,$(UV))
	@$(UV) sync --frozen --quiet
	@touch $@

install: .venv/.synced ## install podx and what its tests need into .venv

demo: install ## a full report of a recorded incident; needs no cluster
	@$(RUN) kubectl-podx demo

test: install ## the whole suite that needs no root and no cluster
	$(RUN) pytest -n auto

test-versions: | $(filter $(TOOLS)/%,$(UV)) ## the suite once on each Python of this machine, 3.11 to 3.14
	UV="$(UV)" $(PYTHON) hack/pythons.py -q -n auto $(ARGS)

fuzz: install ## at least 100,000 made-up inputs for every parser of bytes from outside
	PODX_FUZZ=6000 $(RUN) pytest -q -p no:randomly tests/unit/trust/test_trust_fuzz.py tests/unit/trust/test_trust_hostile_server.py

lint: install ## ruff, mypy, pyright, import contract, shellcheck
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	for system in win32 darwin; do $(RUN) mypy --platform $$system --cache-dir .mypy_cache/$$system kubectl_podx || exit 1; done
	$(RUN) pyright
	$(RUN) lint-imports
	$(RUN) shellcheck --shell=sh --severity=style kubectl_podx/capture/observe.sh kubectl_podx/capture/idle.sh kubectl_podx/cli/kubectl_complete-podx .ci/run

format: install ## let ruff format and mend what it can
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

cluster-up: ## a real one-node Kubernetes on this machine (cold build: about 12 minutes)
	$(PYTHON) hack/cluster up

cluster-down: ## end it: no process, mount or interface stays
	$(PYTHON) hack/cluster down

cluster-status: ## whether it runs
	$(PYTHON) hack/cluster status

e2e: install cluster-up ## the suite on the real cluster
	exports="$$($(PYTHON) hack/cluster env)" && eval "$$exports" && $(RUN) pytest tests/e2e -m cluster

e2e-v2: export PODX_CLUSTER_NODE := v2
e2e-v2: install cluster-up ## the suite on a node with cgroup v2, a virtual machine (emulated: slow); TRIALS=full for all 216 looks
	exports="$$($(PYTHON) hack/cluster env)" && eval "$$exports" && PODX_TRIALS=$(TRIALS) $(RUN) pytest tests/v2 -m cluster

# On a real cluster a slow minute of the machine looks like a failure: what fails twice has failed.
e2e-again: install cluster-up
	exports="$$($(PYTHON) hack/cluster env)" && eval "$$exports" && \
	  { $(RUN) pytest tests/e2e -m cluster || \
	    $(RUN) pytest tests/e2e -m cluster --last-failed --last-failed-no-failures none; }

# The same where the node is emulated: nothing there happens when it is due. Then incidents of every
# kind of cause: each has to say there what it says on cgroup v1. What failed is remembered apart, as
# this runs beside `e2e-again`.
v2-again: export PODX_CLUSTER_NODE := v2
v2-again: AGAIN := --last-failed --last-failed-no-failures none
v2-again: install cluster-up
	exports="$$($(PYTHON) hack/cluster env)" && eval "$$exports" && \
	  for suite in "tests/v2" "tests/incidents --sample=30"; do \
	    run="$(RUN) pytest $$suite -m cluster -o cache_dir=.pytest_cache/v2"; \
	    $$run || $$run $(AGAIN) || exit 1; \
	  done

dist: install ## wheel, sdist, the archive for this machine, its SBOM and Krew's manifest, in dist/
	UV="$(UV)" $(RUN) python hack/dist.py

manifest: ## Krew's manifest and the checksums of all archives in dist/
	$(PYTHON) hack/dist.py manifest

test-install: dist ## install what `make dist` built, by a real krew, kubectl and bash
	$(PYTHON) hack/cluster build --extras
	exports="$$($(PYTHON) hack/cluster env 2>/dev/null || true)" && eval "$$exports" && \
	  UV="$(UV)" PODX_TEST_BINARIES="$$($(PYTHON) hack/cluster build --extras 2>/dev/null)/bin" \
	  $(RUN) pytest tests/install

portable: install ## an archive for glibc 2.28, and an old Debian to try it in (the first time: six minutes)
	UV="$(UV)" nice -n 15 $(RUN) python hack/dist.py portable

# Every step of a release that needs no account and no other system; `make test-install` is the part
# that installs. Nothing is built that `make dist` has built, but for the second archive of `same`.
release-check: lint-workflows portable test-install ## what a release does, as far as it can be done here
	$(PYTHON) hack/dist.py check
	$(PYTHON) hack/dist.py smoke
	$(PYTHON) hack/dist.py tag "v$$($(RUN) kubectl-podx version | sed 's/.* v//')"
	UV="$(UV)" $(RUN) python hack/dist.py same
	UV_PROJECT_ENVIRONMENT=.build/release-venv $(RUN) --only-group release \
	  twine check --strict dist/*.whl dist/kubectl_podx-*.tar.gz

# As the forge reads them, who says of a mistake only when a tag is there.
ACTIONLINT := $(TOOLS)/bin/actionlint-1.7.12
GO ?= $(firstword $(shell command -v go 2>/dev/null) /usr/local/go/bin/go)

$(ACTIONLINT):
	@mkdir -p $(TOOLS)/go
	GOWORK=off GOFLAGS= GOBIN=$(TOOLS)/go $(GO) install github.com/rhysd/actionlint/cmd/actionlint@v$(subst $(TOOLS)/bin/actionlint-,,$@)
	@mkdir -p $(@D) && mv $(TOOLS)/go/actionlint $@

lint-workflows: $(ACTIONLINT) ## the workflows of the forge, read by actionlint
	$(ACTIONLINT) -shellcheck=$$($(RUN) which shellcheck) .github/workflows/*.yaml

test-pages: install ## the HTML pages in the system's Chromium
	$(RUN) pytest tests/pages

screenshots: install ## the pages' pictures in docs/images
	$(RUN) pytest tests/pages/test_screenshots.py --screenshots

incidents: install cluster-up ## every broken pod of the catalogue on the real cluster, and the score (5 minutes)
	exports="$$($(PYTHON) hack/cluster env)" && eval "$$exports" && $(RUN) pytest tests/incidents -m cluster $(if $(RECORD),--record) $(if $(SLOW),--slow) $(if $(SAMPLE),--sample=$(SAMPLE))

incident: install cluster-up ## one of them: make incident NAME=oom-main
	exports="$$($(PYTHON) hack/cluster env)" && eval "$$exports" && $(RUN) pytest tests/incidents -m cluster -k "$(NAME)" $(if $(RECORD),--record)

bench: dist cluster-up | $(filter $(TOOLS)/%,$(UV)) ## how fast is podx? the table of docs/BENCHMARKS.md (3 minutes)
	exports="$$($(PYTHON) hack/cluster env)" && eval "$$exports" && $(PYTHON) bench $(ARGS)

bench-guard: dist cluster-up | $(filter $(TOOLS)/%,$(UV)) ## fail where a bar is missed, twice, by more than half
	exports="$$($(PYTHON) hack/cluster env)" && eval "$$exports" && $(PYTHON) bench --guard --rounds 3

bench-scale: dist cluster-up | $(filter $(TOOLS)/%,$(UV)) ## 10,000 pods on 200 nodes: triage against kubectl (9 minutes; ARGS='--large 50000': 15)
	$(PYTHON) hack/cluster build --extras >/dev/null
	exports="$$($(PYTHON) hack/cluster env)" && eval "$$exports" && $(PYTHON) bench/scale.py $(ARGS)

docs: install ## write the pages and the schema that are made of the code
	$(RUN) python hack/docs.py

record-demo: install cluster-up ## record the incidents that `kubectl podx demo` shows anew
	eval "$$($(PYTHON) hack/cluster env)" && $(RUN) python hack/demo/incidents.py

record-samples: install cluster-up ## record the pods whose output stands as goldens anew
	eval "$$($(PYTHON) hack/cluster env)" && $(RUN) python hack/demo/samples.py

record-session: install cluster-up ## record the session with a model's client that docs/AGENTS.md shows anew
	eval "$$($(PYTHON) hack/cluster env)" && $(RUN) python hack/demo/session.py

check: lint test ## what every commit should pass

ci: ## what CI runs
	.ci/run

clean: ## remove what the build made; the cluster is left alone
	rm -rf .venv .tools dist .build .pytest_cache .mypy_cache .ruff_cache .hypothesis
