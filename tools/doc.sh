#!/bin/sh
# Writes man/ and NAMESPACE of the package in a folder with roxygen2.
#
#   tools/doc.sh FOLDER
set -eu
cd "$1"
Rscript -e 'suppressPackageStartupMessages(
  roxygen2::roxygenise(load_code = "source"))'
