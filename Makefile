# Every target sets up what it needs first; scripts/ has the details.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run release dev test e2e gallery bench lint setup clean

help: ## list these targets
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

run: ## install what is missing, build, serve on http://127.0.0.1:3000; ARGS go to `trainset serve`
	@exec scripts/run.sh $(ARGS)

release: ## one program that carries its site and runs from any folder (DataFusion again, optimised: half an hour the first time)
	@scripts/setup.sh run
	@source scripts/lib.sh; source scripts/env.sh; source scripts/build.sh; build_front; cargo build --release --features ssr --bin trainset; \
	say "built $$CARGO_TARGET_DIR/release/trainset"

dev: ## the same as run, rebuilt and reloaded at every change
	@scripts/setup.sh run
	@source scripts/env.sh; mkdir -p target/site; exec cargo leptos watch --split

test: ## format, lint, all Rust tests, the build, all browser tests
	@scripts/test.sh

e2e: ## the build and the browser tests; ARGS go to Playwright, as ARGS="-g story"
	@scripts/setup.sh test
	@source scripts/lib.sh; source scripts/env.sh; source scripts/build.sh; build_server; build_front
	@scripts/e2e.sh $(ARGS)

gallery: ## pictures of all views, light and dark, wide and narrow, into end2end/gallery; ARGS go to Playwright
	@scripts/setup.sh test
	@source scripts/lib.sh; source scripts/env.sh; source scripts/build.sh; build_server; build_front
	@scripts/gallery.sh $(ARGS)

lint: ## format and clippy, both halves
	@scripts/setup.sh run
	@scripts/lint.sh

bench: ## the benchmarks: compiling a config; a page of 10,000 datasets; profiling 20.9 million rows, beside DuckDB
	@scripts/setup.sh test
	@source scripts/env.sh; cargo bench --bench compile; \
	TRAINSET_COMPLETE_JOURNEY=$$(scripts/complete-journey.sh) TRAINSET_PYTHON=$$TRAINSET_CACHE/python/bin/python \
	cargo bench --profile dev --features ssr --bench list --bench profile

setup: ## install what is missing, and nothing else
	@scripts/setup.sh test

clean: ## remove what was built in this clone; ~/.cache/trainset stays
	rm -rf target end2end/node_modules end2end/test-results end2end/playwright-report end2end/gallery
