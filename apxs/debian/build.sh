#!/bin/sh
# Builds the Debian packages, below build/debian/. As any user; what must be installed is said if it is missing.
#   apxs/debian/build.sh [--version V] [--built FOLDER] [--out FOLDER] [options of dpkg-buildpackage]
# --version: of the packages, instead of that in apxs/debian/changelog. --built: takes the modules and programs in FOLDER, and
# compiles nothing. --out: instead of build/debian, a folder that is removed first. Without options of dpkg-buildpackage they are
# "-b -us -uc": binary packages, without signatures.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
version=""
out=$top/build/debian
while [ $# -gt 0 ]; do
  case "$1" in
    --version) version=${2:?--version needs a version of Debian, as 0.1.0-2}; shift 2 ;;
    --built)
      WSFLOW_BUILT=$(cd "${2:?--built needs a folder}" && pwd) || exit 1
      [ -f "$WSFLOW_BUILT/mod_wsflow.so" ] || { echo "build.sh: there is no mod_wsflow.so in $2" >&2; exit 1; }
      export WSFLOW_BUILT
      shift 2
      ;;
    --out) out=$(realpath -m "${2:?--out needs a folder}"); shift 2 ;;
    --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || set -- -b -us -uc

if ! command -v dpkg-buildpackage >/dev/null; then
  echo "build.sh: dpkg-buildpackage is missing; as root: apt-get install build-essential debhelper apache2-dev" >&2
  exit 1
fi

rm -rf "$out"
"$top/apxs/tree.sh" "$out/tree"
cd "$top"
cp -R apxs/debian "$out/tree/debian"
rm "$out/tree/debian/build.sh"

cd "$out/tree"
if [ -n "$version" ]; then
  { printf 'mod-wsflow (%s) unstable; urgency=medium\n\n  * As %s.\n\n' "$version" "$(dpkg-parsechangelog -S Version)"
    printf ' -- %s  %s\n\n' "$(dpkg-parsechangelog -S Maintainer)" "$(dpkg-parsechangelog -S Date)"
    cat debian/changelog; } > ../changelog
  mv ../changelog debian/changelog
fi
upstream=$(dpkg-parsechangelog -S Version)
upstream=${upstream%-*}
mv ../tree "../mod-wsflow-$upstream"
cd "../mod-wsflow-$upstream"
# dpkg-buildpackage wants the sources without debian/ for a source package; binary packages do without.
case " $* " in
  *" -b "* | *" -B "* | *" --build=binary "*) ;;
  *) tar -C .. --exclude="mod-wsflow-$upstream/debian" -cJf "../mod-wsflow_$upstream.orig.tar.xz" "mod-wsflow-$upstream" ;;
esac
dpkg-buildpackage "$@"
cd ..
ls -1 ./*.deb | sed "s|^\./|$out/|"
