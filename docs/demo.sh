#!/usr/bin/env bash
# The demo of the README: fetch the sources of Flask, index them, answer three questions about them.
set -euo pipefail
cd "$(dirname "$0")/.."
tree=.demo/flask
if [ ! -d "$tree" ]; then
  .venv/bin/python -m pip download --quiet --no-deps --dest .demo flask==3.1.2
  .venv/bin/python -m zipfile -e .demo/flask-3.1.2-py3-none-any.whl "$tree"
fi
ask() {
  printf '\n$ vizsla search "%s" %s\n\n' "$1" "$tree"
  .venv/bin/vizsla search --limit 3 "$1" "$tree"
}
printf '$ vizsla index %s\n' "$tree"
.venv/bin/vizsla index "$tree"
ask "where are session cookies signed"
ask "render a template with its context"
ask "load configuration from environment variables"
