# Short names for the tox environments; each prepares the machine first where that is needed.
# ARGS goes to the program run: make demo ARGS=--keep, make conformance ARGS='-n 1 -k IDMAP'.
.DEFAULT_GOAL := help
.PHONY: help demo test lint type unit conformance versions vagrant-test vagrant-up vagrant-down \
	benchmarks soak qemu-trees sweep clean ready lab

# tox and what it runs write in the order of events
export PYTHONUNBUFFERED = 1
# -qq: what was run has the last word, not tox. setpriv: nothing runs on when make is killed.
# tox needs a standard input, which a CI may not give.
TOX = exec </dev/null setpriv --pdeathsig KILL .venv/bin/tox -qq

help:  ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 22

demo: lab  ## watch a running guest with local disks move between two nodes
	@$(TOX) run -e demo -- $(ARGS)

test: lab  ## everything CI runs: lint, types, unit tests, the features
	@$(TOX) run -e lint,type,unit,conformance,conformance-versions,conformance-inventory

conformance: lab  ## the features alone
	@$(TOX) run -e conformance -- $(ARGS)

versions: lab  ## features on a newer QEMU, and between it and this machine's own
	@$(TOX) run -e conformance-versions -- $(ARGS)

lint type: ready
	@$(TOX) run -e $@

unit: ready  ## unit tests and the laws of the architecture
	@$(TOX) run -e unit -- $(ARGS)

vagrant-test:  ## live features on three machines made by Vagrant: box, up, features, destroy
	@tools/vagrant-test $(ARGS)

vagrant-up: ready  ## three machines that stay up, for --lab vagrant; see vagrant/README.md
	@tools/bootstrap --vagrant
	@$(TOX) exec -e conformance -- python -m fixtures.labs up --lab vagrant

vagrant-down: ready  ## destroy them
	@$(TOX) exec -e conformance -- python -m fixtures.labs down --lab vagrant

benchmarks: lab  ## the reference against raw QMP, a polling migrator and libvirt; some 10 min
	@$(TOX) run -e benchmarks -- $(ARGS)

qemu-trees: lab  ## QEMU 7.2, 10.0 and 11.1 from packages, for --qemu, --qemu-source, --qemu-target
	@tools/qemu-trees $(ARGS)

soak: lab  ## 200 live migrations of one guest, back and forth, and nothing lost, left or grown
	@$(TOX) run -e soak -- $(ARGS)

sweep: lab  ## remove what a killed run left behind
	@$(TOX) exec -e conformance -- python -m fixtures.labs sweep

clean:  ## remove environments, caches and reports
	rm -rf .venv .tox .mypy_cache .ruff_cache .pytest_cache .hypothesis .report .cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

ready:
	@tools/bootstrap

lab:
	@tools/bootstrap --lab
