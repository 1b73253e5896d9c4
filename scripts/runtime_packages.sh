#!/usr/bin/env bash
# Prints the Debian packages whose libraries an installed program and what lies beside it need.
#   scripts/runtime_packages.sh PROGRAM FOLDER_OF_LIBRARIES
set -euo pipefail
own=$2
{ for file in "$1" "$own"/libsana_*.so; do
    [ ! -e "$file" ] || objdump -p "$file" | awk '$1 == "NEEDED" {print $2}'
  done; } | sort -u | while read -r library; do
  [ -e "$own/$library" ] || dpkg-query -S "*-linux-gnu/$library" 2>/dev/null | head -n 1 | cut -d: -f1
done | sort -u
