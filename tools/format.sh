#!/bin/sh
# Formats the C sources by .clang-format; with --check it only tells which
# files differ and fails if any does.
set -eu
cd "$(dirname "$0")/.."
if ! command -v clang-format >/dev/null; then
  echo "format: clang-format is not installed; sources left as they are"
  exit 0
fi
if [ "${1:-}" = --check ]; then
  find src -name '*.[ch]' -exec clang-format --dry-run -Werror {} +
else
  find src -name '*.[ch]' -exec clang-format -i {} +
fi
