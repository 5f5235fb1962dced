#!/bin/sh
# Installs with apt what is missing, and only that.
#
#   tools/install-deps.sh run     R, a compiler, the Imports, what the demo
#                                 reads
#   tools/install-deps.sh test    that, the Suggests, and the check tools
#   tools/install-deps.sh gate    that, and a second compiler
#   tools/install-deps.sh site    that of `run`, the Suggests, pkgdown and ragg
#   tools/install-deps.sh bench   that of `run`, and what to compare with
#
# The R packages are those that DESCRIPTION names. Where there is no apt-get
# nothing is installed, and what is missing is listed.
set -eu
cd "$(dirname "$0")/.."
level=${1:-run}

say() { echo "deps: $*"; }

# the packages in a field of DESCRIPTION, without those that come with R
described() {
  awk -v field="$1:" '
    /^[^ \t]/ { inside = ($1 == field); sub(/^[^:]*:/, "") }
    inside' DESCRIPTION | sed 's/([^)]*)//g' | tr ',' '\n' | tr -d ' \t' |
    grep -vxE '|R|base|graphics|grDevices|grid|methods|parallel|stats|tools|utils'
}

system="r-base-dev libopenblas0-pthread"
packages=$(described Imports)
demo="AnnotationDbi GO.db igraph multtest org.Hs.eg.db"
case $level in
  run) packages="$packages $demo" ;;
  test | gate)
    # devscripts for its checkbashisms, which R CMD check asks for
    system="$system devscripts pandoc qpdf"
    packages="$packages $(described Suggests) BiocCheck lintr roxygen2"
    [ "$level" = test ] || system="$system clang-14"
    ;;
  site)
    system="$system pandoc"
    packages="$packages $(described Suggests) pkgdown ragg"
    ;;
  bench)
    system="$system python3-torch"
    packages="$packages $demo jsonlite pROC ranger gbm"
    ;;
  *)
    sed -n '2,13p' "$0"
    exit 2
    ;;
esac

# ---- what is missing ------------------------------------------------------

if command -v Rscript >/dev/null; then
  # shellcheck disable=SC2086
  missing=$(Rscript -e 'p <- unique(commandArgs(TRUE))
    there <- vapply(p, function(x) nzchar(system.file(package = x)), NA)
    cat(p[!there])' $packages)
else
  missing=$packages
fi

if ! command -v apt-get >/dev/null; then
  say "there is no apt-get here, so nothing was installed"
  if ! command -v Rscript >/dev/null; then
    say "R was not found: install R >= 4.2 with a C compiler, then try again"
    exit 1
  fi
  if [ -n "$missing" ]; then
    quoted=$(printf '"%s", ' $missing | sed 's/, $//')
    say "missing R packages; in R: BiocManager::install(c($quoted))"
  fi
  exit 0
fi

installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' |
  sed -n 's/^installed //p')
wanted=
for name in $system; do
  echo "$installed" | grep -qxF "$name" || wanted="$wanted $name"
done
[ -n "$wanted$missing" ] || exit 0

# ---- install it -----------------------------------------------------------

as_root=
if [ "$(id -u)" != 0 ]; then
  as_root="sudo -n"
  if ! sudo -n true 2>/dev/null; then
    say "missing:$wanted" $missing
    say "installing needs root; run: sudo tools/install-deps.sh $level"
    exit 1
  fi
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
    --no-install-recommends "$@" </dev/null >"$log" 2>&1 || {
    tail -n 20 "$log"
    say "apt-get $1 failed"
    exit 1
  }
}

say "updating the list of packages"
apt update
unknown=
known=$(apt-cache pkgnames r-)
for name in $missing; do
  lower=$(echo "$name" | tr '[:upper:]' '[:lower:]')
  debian=$(echo "$known" | grep -xE "r-(cran|bioc)-$lower" | head -n 1)
  if [ -n "$debian" ]; then
    wanted="$wanted $debian"
  else
    unknown="$unknown $name"
  fi
done
if [ -n "$wanted" ]; then
  say "installing$wanted"
  # shellcheck disable=SC2086
  apt install $wanted
fi
[ -z "$unknown" ] || say "not in this system's archive, left out:$unknown"
