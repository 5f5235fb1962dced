#!/bin/sh
# Builds kith with other compilers and other flags, and runs its tests with
# each: none of them may change a result beyond the tests' tolerance.
#
#   tools/compilers.sh                     all that is installed
#   tools/compilers.sh clang-14 ...        these; one that is missing fails
#   FILTER='golden|layers' tools/compilers.sh    the tests of these files alone
#
# Names are those of compilers (gcc-12, clang-14, clang-16, clang-22), or, for
# gcc with other flags: no-openmp, ndebug, strict-headers, fast-math,
# short-double (without registers longer than a double).
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# writes $work/Makevars for a build; fails if its compiler is missing
set_up() {
  compiler=gcc
  flags=
  openmp=-fopenmp
  case $1 in
    gcc* | clang*)
      compiler=$1
      # clang's own OpenMP run time is seldom installed
      case $1 in clang*) openmp= ;; esac
      ;;
    no-openmp) openmp= ;;
    ndebug) flags=-DNDEBUG ;;
    strict-headers) flags="-DR_NO_REMAP -DSTRICT_R_HEADERS -std=c99" ;;
    # without finite-only, by which a loss that is NaN would go unseen
    fast-math) flags="-ffast-math -fno-finite-math-only" ;;
    short-double) flags="-mlong-double-64" ;;
    *) echo "compilers: there is no build $1" >&2; return 1 ;;
  esac
  command -v "$compiler" >/dev/null || return 1
  cat >"$work/Makevars" <<END
CC = $compiler
CFLAGS = -g -O2 $flags
SHLIB_OPENMP_CFLAGS = $openmp
END
}

status=0
# runs one build; says what came of it
check() {
  rm -rf "$work/library"
  if ! R_MAKEVARS_USER="$work/Makevars" tools/install.sh "$work/library" \
    >"$work/log" 2>&1; then
    echo "FAILED  $1: it does not build"
    tail -n 20 "$work/log"
    status=1
    return
  fi
  if KITH_OTHER_FLAGS=true R_LIBS="$work/library:${R_LIBS:-}" \
    tools/test.sh "${FILTER:-.}" >"$work/log" 2>&1; then
    echo "ok      $1: $(tail -n 1 "$work/log")"
  else
    echo "FAILED  $1: $(tail -n 1 "$work/log")"
    grep -A 12 '^── ' "$work/log" | head -n 60
    status=1
  fi
}

builds="gcc-12 clang-14 clang-16 clang-22 no-openmp ndebug strict-headers
  fast-math short-double"
for build in ${*:-$builds}; do
  if set_up "$build"; then
    check "$build"
  elif [ $# -gt 0 ]; then
    echo "FAILED  $build: its compiler is not installed"
    status=1
  else
    echo "skipped $build: its compiler is not installed"
  fi
done
exit "$status"
