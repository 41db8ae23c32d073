# Serviceheft. Plain `make` lists the targets. Paths stay relative: the checkout may lie in a folder with a space.
SHELL := /bin/sh
.DEFAULT_GOAL := help
# Byte code may be kept: importing SQLAlchemy without it takes more than a second, for every command.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help demo test lint bench clean lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: .venv/.installed ## raise a fictional customer's site, carry out the week's services, publish site and PDF
	@.venv/bin/python tools/demo.py

test: .venv/.installed ## prove everything: linters, unit, lab, molecule and browser tests
	@.venv/bin/python tools/test.py

lint: .venv/.installed ## check style, types, playbooks and PowerShell syntax
	@.venv/bin/python tools/lint.py

bench: .venv/.installed ## measure ratios side by side (takes about 40 minutes)
	@.venv/bin/python -m tests.bench

lock: ## renew requirements.lock and requirements-uv.lock from pyproject.toml
	@tools/lock

clean: ## remove the environment, the lab, built sites and caches (never inventories, books, signed heads)
	@tools/clean

.venv/.installed: requirements.lock requirements-uv.lock pyproject.toml tools/install tools/find-python
	@tools/install
