#!/bin/sh
# Runs tools/run-tests.R so that the last line is "N passed, N failed" also
# where R itself dies.
set -u
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{
  Rscript tools/run-tests.R "$@" 2>&1
  echo "$?" >"$log.status"
} | tee "$log"
status=$(cat "$log.status")
rm -f "$log.status"
if ! tail -n 1 "$log" | grep -qE '^[0-9]+ passed, [0-9]+ failed'; then
  echo "R ended before the tests did, with status $status"
  echo "0 passed, 1 failed"
  exit 1
fi
exit "$status"
