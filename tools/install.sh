#!/bin/sh
# Builds kith and installs it into a library of its own, so that nothing
# that the user has installed is replaced.
#
#   tools/install.sh [--vignettes] LIBRARY [options of R CMD INSTALL]
#
# --vignettes: with them, where the packages that build them are there.
set -eu
tools=$(cd "$(dirname "$0")" && pwd)
vignettes=--no-build-vignettes
if [ "$1" = --vignettes ]; then
  shift
  if command -v pandoc >/dev/null && Rscript -e 'quit(status = !all(vapply(
    c("BiocStyle", "knitr", "rmarkdown"), requireNamespace, NA,
    quietly = TRUE)))'; then
    vignettes=
  else
    echo "without vignettes, which need pandoc and the R packages BiocStyle," \
      "knitr and rmarkdown"
  fi
fi
mkdir -p "$1"
library=$(cd "$1" && pwd)
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2086
tarball=$("$tools/build.sh" "$work" $vignettes --no-manual)
cd "$work"
R CMD INSTALL --no-lock --library="$library" "$@" "$tarball" \
  >install.log 2>&1 || {
  cat install.log
  exit 1
}
grep -A 4 -E 'warning|note:' install.log || true
