#!/bin/sh
# Builds the RPM packages, below build/rpm/, with rpmbuild.
#   apxs/rpm/build.sh [--out FOLDER] [options of rpmbuild]
# --out: instead of build/rpm, a folder that is removed first. Without options of rpmbuild they are "-bb": binary packages. What
# must be installed is said by rpmbuild if it is missing.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
out=$top/build/rpm
case "${1:-}" in
  --out) out=$(realpath -m "${2:?--out needs a folder}"); shift 2 ;;
  --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
[ $# -gt 0 ] || set -- -bb
if ! command -v rpmbuild >/dev/null; then
  echo "build.sh: rpmbuild is missing; as root: dnf install rpm-build" >&2
  exit 1
fi
for program in doctor load; do
  grep -q "^$program " "$top/apxs/programs.list" || set -- "$@" --without "$program"
done
version=$(sed -n 's/^Version: *//p' "$top/apxs/rpm/mod_wsflow.spec")
rm -rf "$out"
mkdir -p "$out/SOURCES"
"$top/apxs/tree.sh" "$out/mod_wsflow-$version"
tar -C "$out" -czf "$out/SOURCES/mod_wsflow-$version.tar.gz" "mod_wsflow-$version"
rm -rf "$out/mod_wsflow-$version"
rpmbuild --define "_topdir $out" "$@" "$top/apxs/rpm/mod_wsflow.spec"
find "$out/RPMS" "$out/SRPMS" -name '*.rpm'
