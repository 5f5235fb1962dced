#!/bin/sh
# What the compiler and a look at the text can say about the C sources:
# every object compiles without a warning as C99 and as GNU C17, and the
# rules of CONTRIBUTING.md on names, threads and headers are kept.
set -eu
tools=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$(dirname "$0")/build.sh" "$work" --no-build-vignettes --no-manual \
  >/dev/null
cd "$work"
tar -xf kith_*.tar.gz
cd kith
./configure >/dev/null
cd src

# a variable of Makevars
value() {
  printf 'include Makevars\nprint:;@echo $(%s)\n' "$1" | make -s -f - print
}
objects=$(value OBJECTS)
flags=$(value PKG_CPPFLAGS)
compiler=$(R CMD config CC)
r_headers=$(R CMD config --cppflags | sed 's/-I/-isystem /g')
failures=0
fail() {
  echo "check-c: $*"
  failures=$((failures + 1))
}

# ---- warnings -------------------------------------------------------------

# $1 says which build this is, the rest are options
compile_all() {
  build=$1
  shift
  for standard in c99 gnu17; do
    for object in $objects; do
      # shellcheck disable=SC2086
      $compiler -std=$standard -O2 -Wall -Wextra -Wpedantic -Werror "$@" \
        $r_headers -c "${object%.o}.c" -o "$work/object.o" ||
        fail "$object as $standard, $build"
    done
  done
}
# shellcheck disable=SC2086
compile_all "with all that configure found" -fopenmp $flags
compile_all "without threads, sgemm and dlsym" -I.

# ---- exp, however sums are rounded ----------------------------------------

# $1: options of the compiler
check_exp() {
  # shellcheck disable=SC2086
  $compiler -std=gnu17 -O2 $1 -I. "$tools/check-exp.c" -o "$work/check-exp" \
    -lm || fail "check-exp.c does not compile with $1"
  error=$("$work/check-exp") || fail "real_exp() is off by $error with $1"
}
check_exp ""
check_exp -ffast-math
case $(uname -m) in x86_64) check_exp -mfpmath=387 ;; esac

# ---- names ----------------------------------------------------------------

# prints where a pattern occurs outside of comments and string literals
find_code() {
  pattern=$1
  shift
  for file in "$@"; do
    $compiler -fpreprocessed -dD -E -P "$file" 2>/dev/null |
      sed 's/"\([^"\\]\|\\.\)*"/""/g' | grep -nE "$pattern" |
      sed "s|^[0-9]*|$file|" || true
  done
}
sources=$(find . -name '*.[ch]')
# shellcheck disable=SC2086
{
  banned='(v?f?printf|v?sprintf|puts|putchar|_?exit|abort|assert|s?rand|rand_r|random|srandom|omp_set_num_threads)'
  found=$(find_code "(^|[^A-Za-z0-9_])$banned[[:space:]]*\(" $sources)
  [ -z "$found" ] || fail "a banned function:
$found"

  outside=$(echo "$sources" | grep -v '/base/threads\.[ch]$')
  found=$(find_code 'pragma[[:space:]]+omp|_Pragma|<omp\.h>' $outside)
  [ -z "$found" ] || fail "OpenMP outside of base/threads:
$found"

  pure=$(echo "$sources" | grep -E '^\./(base|nn|task|pairs|eval|seq)/')
  found=$(grep -nE '#include[[:space:]]*[<"](R\.h|Rinternals\.h|Rmath\.h|R_ext/(Error|Print|Memory|Random|Utils)\.h|glue/)' \
    $pure || true)
  [ -z "$found" ] || fail "a header of R or of the glue in pure C:
$found"
}

# the numerics know no items, the glue knows no task
found=$(grep -niE 'gene|partner|drug|transcript' nn/*.[ch] || true)
[ -z "$found" ] || fail "nn/ speaks of what its rows stand for:
$found"

tasks=$(sed -n 's/.*task_type .*{\.name = "\([a-z_]*\)".*/\1/p
  /task_type .*{$/,/};/s/.*\.name = "\([a-z_]*\)".*/\1/p' task/*.c)
[ -n "$tasks" ] || fail "no task was found in task/"
for task in $tasks; do
  found=$(grep -nw "$task" glue/*.[ch] || true)
  [ -z "$found" ] || fail "the glue names the task \"$task\":
$found"
done

found=$(grep -A1 '^FOR_EACH_CPU' ./*/*.[ch] | grep -E '\.[ch]-' |
  grep -v -e '-static ' || true)
[ -z "$found" ] || fail "a function for each CPU that is not static:
$found"

# a compiler's versions of a function for several CPUs have names of their own
# in each precision
for name in $(grep -hA1 '^FOR_EACH_CPU' nn/*.[ch] task/*.[ch] |
  sed -n 's/^static .*[ *]\([a-z_]*\)(.*/\1/p'); do
  grep -q "^#define $name REAL_NAME($name)$" nn/cpu_names.h ||
    fail "nn/cpu_names.h lacks $name"
done

# every .c file is an object or is included by one
for file in $(find . -name '*.c' | sed 's|^\./||'); do
  case " $objects " in
    *" ${file%.c}.o "*) ;;
    *) grep -rqF "\"$file\"" . || fail "$file is neither listed nor included" ;;
  esac
done

echo "check-c: $(echo "$objects" | wc -w) objects, $failures failures"
[ "$failures" = 0 ]
