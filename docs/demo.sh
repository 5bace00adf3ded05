#!/usr/bin/env bash
# The demo of the README: fetch the sources of Flask, index them, answer three questions about them.
set -euo pipefail
cd "$(dirname "$0")/.."
tree=.demo/flask
if [ ! -d "$tree" ]; then
  .venv/bin/python -m pip download --quiet --no-deps --no-binary :all: --no-build-isolation --dest .demo flask==3.1.2 \
    2>/dev/null || .venv/bin/python -m pip download --quiet --no-deps --dest .demo flask==3.1.2
  mkdir -p "$tree"
  for archive in .demo/flask-*; do
    case "$archive" in
      *.tar.gz) tar -xzf "$archive" -C "$tree" --strip-components=1 ;;
      *.whl) .venv/bin/python -m zipfile -e "$archive" "$tree" ;;
    esac
  done
fi
ask() {
  printf '\n$ vizsla search "%s" %s\n\n' "$1" "$tree"
  .venv/bin/vizsla search --limit 3 "$1" "$tree"
}
printf '$ vizsla index %s\n' "$tree"
.venv/bin/vizsla index "$tree"
ask "where are session cookies signed"
ask "how is a view function chosen for a URL"
ask "load configuration from environment variables"
