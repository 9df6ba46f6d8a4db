#!/usr/bin/env bash
# The goals, and what the results in bench/results/ say of each. Measures nothing; see bench/README.md.
exec python3 "$(dirname "$0")/goals.py"
