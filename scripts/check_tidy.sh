#!/usr/bin/env bash
# Checks .cpp files and the headers of ours that they include with clang-tidy 16 (.clang-tidy has the
# checks; older versions do not know C++20 well enough). LibTorch's headers make it slow: 10 to 40
# seconds a file.
#   scripts/check_tidy.sh                the .cpp files changed against origin/main, else HEAD~1
#   scripts/check_tidy.sh --limit N      of these the N that changed most
#   scripts/check_tidy.sh FILE...        these
# Exit 4: not checked, because clang-tidy 16 or the history is not there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
skip() {
  echo "skipped: $1"
  exit 4
}

changed_files() {  # the most changed first
  local base
  base=$(git merge-base HEAD origin/main 2>/dev/null || true)
  # A commit that is on origin/main is compared with the one before it.
  if [ -z "$base" ] || { [ "$base" = "$(git rev-parse HEAD)" ] && git diff --quiet HEAD; }; then
    base=$(git rev-parse --verify --quiet HEAD~1) || return 1
  fi
  git diff --numstat --no-renames --diff-filter=d "$base" -- 'src/*.cpp' 'tests/*.cpp' 'benchmarks/*.cpp' |
    awk '{print $1 + $2, $3}' | sort -rn | cut -d' ' -f2
}

command -v clang-tidy-16 >/dev/null || skip "clang-tidy 16 is not installed (Debian 12: apt-get install clang-tidy-16)"
limit=0
if [ "${1:-}" = --limit ]; then
  limit=$2
  shift 2
fi
if [ $# -gt 0 ]; then
  files=$(printf '%s\n' "$@")
else
  files=$(changed_files) || skip "there is no history to compare with"
fi

cmake --preset tidy >build/tidy.log 2>&1 || { cat build/tidy.log >&2 && exit 1; }
compiled=$(sed -n "s#.*\"file\": \"$PWD/\(.*\)\".*#\1#p" build/tidy/compile_commands.json)
files=$(grep -Fx "$compiled" <<<"$files" || true)  # others are not part of this configuration
count=$(grep -c . <<<"$files" || true)
if [ "$limit" -gt 0 ] && [ "$count" -gt "$limit" ]; then
  echo "$count files changed; checked are the $limit that changed most"
  files=$(head -n "$limit" <<<"$files")
fi
[ -n "$files" ] || { echo "no file to check" && exit 0; }
printf '%s\n' "$files" | xargs -t -n 1 -P "$(nproc)" clang-tidy-16 --quiet -p build/tidy 2>&1 |
  { grep -vE '^[0-9]+ warnings?( and [0-9]+ errors?)? generated' || true; }
