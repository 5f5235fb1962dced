#!/bin/sh
# Builds kith with the address and undefined behaviour sanitizers of gcc
# into a library of its own and runs the tests; the first finding stops.
#
#   tools/sanitize.sh [filter]      a regular expression on test file names
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/Makevars" <<'END'
CC = gcc
CFLAGS = -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
  -fno-sanitize-recover=undefined
LDFLAGS += -fsanitize=address,undefined
END
# R itself is not built with the sanitizer, so its run time must come first;
# what R never gives back is no finding
ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0
UBSAN_OPTIONS=print_stacktrace=1
export ASAN_OPTIONS UBSAN_OPTIONS
R_MAKEVARS_USER="$work/Makevars" tools/install.sh "$work/library" \
  --no-test-load

# only R gets the preload, not every tool that builds; the frames of R in a
# report say nothing
preload="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)"
status=0
KITH_OTHER_FLAGS=true R_LIBS="$work/library:${R_LIBS:-}" LD_PRELOAD="$preload" \
  R --vanilla --no-echo -f tools/run-tests.R --args "${1:-.}" \
  >"$work/log" 2>&1 || status=$?
grep -v '/libR\.so' "$work/log"
exit "$status"
