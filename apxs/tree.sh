#!/bin/sh
# Copies what belongs to the tree into a folder, for packages: by git where it is a working copy of it, else all but what
# builds have left.
#   apxs/tree.sh FOLDER
set -eu
mkdir -p "${1:?tree.sh: needs the folder to copy to}"
target=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
if [ -e .git ]; then
  git ls-files -z --cached --others --exclude-standard
else
  find . -path ./build -prune -o -type f -print0
fi | tar --null --files-from=- --ignore-failed-read -cf - | tar -xf - -C "$target"
