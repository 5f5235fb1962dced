#!/bin/sh
# Builds kith and installs it into a library of its own, so that nothing
# that the user has installed is replaced.
#
#   tools/install.sh LIBRARY [options of R CMD INSTALL]
set -eu
tools=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
library=$(cd "$1" && pwd)
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tarball=$("$tools/build.sh" "$work" --no-build-vignettes --no-manual)
cd "$work"
R CMD INSTALL --no-lock --library="$library" "$@" "$tarball" \
  >install.log 2>&1 || {
  cat install.log
  exit 1
}
grep -A 4 -E 'warning|note:' install.log || true
