#!/bin/sh
# Runs every test: installs what is missing, builds with g++, clang++ and the sanitizers, ends with one summary of all.
set -eu
cd "$(dirname "$0")/.."

jobs=$(nproc)
trees="release clang asan tsan"
cat <<END
== Installs what is missing, builds $(echo $trees | wc -w) trees below build/ ($trees), $jobs compilers at a time, and runs the
== tests of all of them: unit, fuzz, checks and httpd. The first time this takes about 26 minutes on two idle cores, more than
== half of it for building; on a busy machine three or four times as long. ctest's summary comes last.
END

t/setup.sh

mkdir -p build/all
: > build/all/CTestTestfile.cmake.new
for tree in $trees; do
  echo "== build: $tree"
  cmake --preset "$tree" > "build/$tree.configure.log" 2>&1 || { cat "build/$tree.configure.log"; exit 1; }
  cmake --build --preset "$tree" -j "$jobs"
  echo "subdirs(\"$PWD/build/$tree\")" >> build/all/CTestTestfile.cmake.new
done
mv build/all/CTestTestfile.cmake.new build/all/CTestTestfile.cmake

echo "== tests"
{
  status=0
  # Behaviour tests wait more than they compute.
  ctest --test-dir build/all --output-on-failure -j "$((jobs * 3))" "$@" || status=$?
  echo "$status" > build/all/status
} | tee build/all/output.log
status=$(cat build/all/status)

# Whoever sees only the end of this must see the reasons too; ctest's summary stays the last word.
if [ "$status" -ne 0 ]; then
  awk -f t/failures.awk build/all/Testing/Temporary/LastTest.log
  sed -n '/% tests passed,/,$p' build/all/output.log
fi
exit "$status"
