# The daily habits. Everything else is in scripts/, one job a file.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run watch check test bench shots

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: ## Set up, build for release, start on http://127.0.0.1:3000 with ./data
	@scripts/run.sh

watch: ## Rebuild and reload at every change (cargo-leptos)
	@scripts/watch.sh

check: ## Format, lints and the fast tests
	@scripts/check.sh

test: ## Install what the tests need and run all of them
	@scripts/test.sh

bench: ## Measure, side by side with others; bench/{queues,growth,chaos}.sh measure more (bench/README.md)
	@bench/run.sh

shots: ## Screenshots of every page into ./shots
	@scripts/shots.sh
