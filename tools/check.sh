#!/bin/sh
# R CMD check --as-cran and BiocCheck of the built tarball, in .check/.
#
#   tools/check.sh              all of it
#   tools/check.sh build        one part; cran and bioc take what was built
#                  cran
#                  bioc
#
# Fails on an ERROR or WARNING of R CMD check and on an ERROR of BiocCheck.
set -eu
cd "$(dirname "$0")/.."
part=${1:-all}

# checks that ask the network: CRAN's web pages, and a clock
export _R_CHECK_CRAN_INCOMING_=false _R_CHECK_SYSTEM_CLOCK_=false
# a suggested package that is not there is no fault of kith
export _R_CHECK_FORCE_SUGGESTS_=false

if [ "$part" = build ] || [ "$part" = all ]; then
  rm -rf .check
  mkdir .check
  tools/build.sh .check
fi
cd .check
set -- kith_*.tar.gz
tarball=$1

if [ "$part" = cran ] || [ "$part" = all ]; then
  R CMD check --as-cran --no-manual "$tarball" >check.log 2>&1 || true
  # everything that is not OK, with what is said about it
  awk '/^\* / { show = !/\.\.\. *(OK|SKIPPED|NONE|none)?$/ || /^\* DONE/ }
    show && !/^\* (using|this is|package )/' check.log
  case $(sed -n 's/^Status: //p' check.log) in
    '' | *ERROR* | *WARNING*) exit 1 ;;
  esac
fi

if [ "$part" = bioc ] || [ "$part" = all ]; then
  # the findings, without the names of the checks
  { Rscript ../tools/bioc-check.R "$tarball" 2>&1 || true; } |
    grep -vE '^(─|\*|$)' | tee bioc.log
  grep -q '^BiocCheck: 0 errors' bioc.log
fi
