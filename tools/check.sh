#!/bin/sh
# R CMD check --as-cran and BiocCheck of the built tarball, in .check/.
#
#   tools/check.sh              all of it
#   tools/check.sh build        one part; the others take what was built
#                  cran
#                  bioc
#                  depends-only R CMD check where no suggested package can be
#                               loaded but those that testthat itself needs;
#                               not a part of "all of it"
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

# the words of a log that are not OK; fails on an ERROR or WARNING in it
judge() {
  # everything that is not OK, with what is said about it
  awk '/^\* / { show = !/\.\.\. *(OK|SKIPPED|NONE|none)?$/ || /^\* DONE/ }
    show && !/^\* (using|this is|package )/' "$1"
  case $(sed -n 's/^Status: //p' "$1") in
    '' | *ERROR* | *WARNING*) return 1 ;;
  esac
}

if [ "$part" = cran ] || [ "$part" = all ]; then
  R CMD check --as-cran --no-manual "$tarball" >check.log 2>&1 || true
  judge check.log
fi

if [ "$part" = depends-only ]; then
  mkdir -p depends-only
  # what builds vignettes is suggested only
  _R_CHECK_DEPENDS_ONLY_=true NOT_CRAN=true R CMD check --no-manual \
    --no-build-vignettes -o depends-only "$tarball" >depends-only.log 2>&1 ||
    true
  judge depends-only.log
  # which tests were left out for want of a package
  sed -n '/^══ Skipped/,/^$/p' depends-only/kith.Rcheck/tests/testthat.Rout
fi

if [ "$part" = bioc ] || [ "$part" = all ]; then
  # the findings, without the names of the checks
  { Rscript ../tools/bioc-check.R "$tarball" 2>&1 || true; } |
    grep -vE '^(─|\*|$)' | tee bioc.log
  grep -q '^BiocCheck: 0 errors' bioc.log
fi
