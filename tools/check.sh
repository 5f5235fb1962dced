#!/bin/sh
# R CMD check --as-cran and BiocCheck of the built tarball, in .check/.
#
#   tools/check.sh [cran|bioc]     one of the two; both if not said
#
# Fails on an ERROR or WARNING of R CMD check and on an ERROR of BiocCheck.
set -eu
cd "$(dirname "$0")/.."
which=${1:-both}

# checks that ask the network: CRAN's web pages, and a clock
export _R_CHECK_CRAN_INCOMING_=false _R_CHECK_SYSTEM_CLOCK_=false
# a suggested package that is not there is no fault of kith
export _R_CHECK_FORCE_SUGGESTS_=false

mkdir -p .check
rm -rf .check/kith_*.tar.gz .check/kith.Rcheck .check/kith.BiocCheck
tarball=$(tools/build.sh .check)
cd .check

if [ "$which" != bioc ]; then
  R CMD check --as-cran --no-manual "$tarball" >check.log 2>&1 || true
  # everything that is not OK, with what is said about it
  awk '/^\* / { show = !/\.\.\. *(OK|SKIPPED|NONE|none)?$/ || /^\* DONE/ }
    show && !/^\* (using|this is|package name)/' check.log
  status=$(sed -n 's/^Status: //p' check.log)
  case $status in
    '' | *ERROR* | *WARNING*) exit 1 ;;
  esac
fi

if [ "$which" != cran ]; then
  Rscript ../tools/bioc-check.R "$tarball"
fi
