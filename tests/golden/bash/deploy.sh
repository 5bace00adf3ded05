#!/usr/bin/env bash
# Deploys the shop.
set -euo pipefail

readonly TARGET="${1:-staging}"
declare -A hosts=([staging]="s1" [live]="l1")

# Prints a line
# with the time.
log() {
  printf '%s %s\n' "$(date +%T)" "$*"
}

function die {
  log "fatal: $1" >&2
  exit 1
}

function check_host() {
  local host=$1
  ping -c 1 "$host" >/dev/null || die "no $host"
}

# Runs in a subshell.
build() (
  cd "$(mktemp -d)"
  make all
)

größe() { du -sh "$1" | cut -f1; } # the größe 🙂

deploy::push() {
  retry() {
    local n=0
    until "$@"; do
      n=$((n + 1))
      [[ $n -lt 3 ]] || return 1
    done
  }
  retry rsync -a build/ "${hosts[$TARGET]}:/srv"
  cat <<EOF
not_a_function() {
  echo "${TARGET}"
}
EOF
}

on-exit() { rm -rf tmp; } >/dev/null 2>&1

compare() [[ "$1" == "$2" ]]

if [[ $TARGET == live ]]; then
  confirm() {
    read -rp "Sure? " answer
    [[ $answer == y ]]
  }
  confirm || exit
fi

trap on-exit EXIT

while read -r host; do
  check_host "$host"
done < hosts.txt

deploy::push
