#!/bin/sh
# Runs the tests under valgrind's memcheck and shows every error and every
# definite leak in whose stack kith takes part.
#
#   tools/valgrind.sh [filter] [seconds]
#
# filter   a regular expression on test file names
# seconds  stop the tests after so long and show what was found until then;
#          0, the default: never
#
# Slow: 20 to 50 times the usual time. The whole log is .check/valgrind.log.
set -eu
cd "$(dirname "$0")/.."
filter=${1:-.}
seconds=${2:-0}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p .check
log=$PWD/.check/valgrind.log

# line numbers, and no optimisation that hides them
printf 'CFLAGS = -g -O1 -fno-omit-frame-pointer\n' >"$work/Makevars"
R_MAKEVARS_USER="$work/Makevars" tools/install.sh "$work/library"

status=0
# one thread, so that valgrind does not follow those of the BLAS; workers
# would run on the real processor, whose last bits are others
KITH_ONE_PROCESS=true KITH_OTHER_FLAGS=true R_LIBS="$work/library:${R_LIBS:-}" \
  OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
  timeout "$seconds" R --vanilla --no-echo -d "valgrind --tool=memcheck --leak-check=full
    --show-leak-kinds=definite --errors-for-leak-kinds=definite
    --num-callers=40 --fullpath-after= --trace-children=no
    --suppressions=tools/valgrind.supp --log-file=$log" \
  -f tools/run-tests.R --args "$filter" || status=$?
if [ "$status" = 124 ]; then
  echo "valgrind: stopped after $seconds s, before the tests ended"
fi

# A block of the log is one error; its lines carry the process number. Frames
# below the first one of R itself say nothing.
awk '
  { sub(/^==[0-9]+== ?/, "") }
  $0 == "" {
    if (ours) { print block; n += 1 }
    block = ""; ours = 0; in_r = 0
    next
  }
  /^ +(at|by) / && /libR\.so/ { in_r = 1 }
  /^ +(at|by) / && /\/kith\/src\// { ours = 1 }
  !in_r { block = block $0 "\n" }
  END {
    print "valgrind: " n + 0 " errors in kith (all: see .check/valgrind.log)"
    exit n > 0
  }' "$log"
exit "$status"
