#!/bin/sh
# Builds the source tarball into a folder and prints its path. Objects,
# configure's results and the like never come into the checkout.
#
#   tools/build.sh FOLDER [options of R CMD build]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$1
shift
cd "$folder"
R CMD build "$@" "$root" >build.log 2>&1 || {
  cat build.log >&2
  exit 1
}
sed -n '/[Ww]arning/,+2p' build.log >&2
rm build.log
echo "$PWD"/kith_*.tar.gz
