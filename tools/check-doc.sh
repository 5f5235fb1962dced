#!/bin/sh
# Fails if man/ or NAMESPACE is not what roxygen2 makes of the comments in R/.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$root/DESCRIPTION" "$root/NAMESPACE" "$root/R" "$root/man" "$work"
# markdown documents that the comments take in
[ ! -d "$root/inst" ] || cp -r "$root/inst" "$work"
"$root/tools/doc.sh" "$work" >"$work/log" 2>&1 || {
  cat "$work/log"
  exit 1
}
diff -u "$root/NAMESPACE" "$work/NAMESPACE" && diff -ur "$root/man" "$work/man" || {
  echo "check-doc: run 'make doc' and commit the result"
  exit 1
}
