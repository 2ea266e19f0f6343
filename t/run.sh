#!/bin/sh
# Runs every test: installs what is missing, builds with g++, clang++ and the sanitizers, ends with one summary of all.
set -eu
cd "$(dirname "$0")/.."

jobs=$(nproc)
first=release
later="asan tsan clang"
trees="$first $later"
cat <<END
== Installs what is missing, builds $(echo $trees | wc -w) trees below build/ ($trees), $jobs compilers at a time, and runs the
== tests of all of them: unit, fuzz, checks and httpd; the later trees are built beside the tests of the first one. The first time
== this takes some twenty minutes on two idle cores; on a busy machine three or four times as long. ctest's summary comes last.
END

t/setup.sh

mkdir -p build/all
all=build/all/CTestTestfile.cmake
for tree in $trees; do
  cmake --preset "$tree" > "build/$tree.configure.log" 2>&1 || { cat "build/$tree.configure.log" >&2; exit 1; }
  echo "subdirs(\"$PWD/build/$tree\")"
done > $all.new
# Tests wait more than they compute: the other trees are built beside those of the first, by what these leave over.
before=
for tree in $later; do
  echo "add_test(build.$tree nice -n 19 cmake --build --preset $tree -j $jobs)"
  echo "set_tests_properties(build.$tree PROPERTIES FIXTURES_SETUP build.$tree LABELS build TIMEOUT 7200 COST 1000
    WORKING_DIRECTORY \"$PWD\" DEPENDS \"$before\")"
  before=build.$tree
done >> $all.new
mv $all.new $all

echo "== build: $first"
cmake --build --preset "$first" -j "$jobs"

echo "== tests"
{
  status=0
  # Behaviour tests wait more than they compute. One that fails has a second try: on a busy machine anything may take its time.
  ctest --test-dir build/all --output-on-failure --repeat until-pass:2 -j "$((jobs * 5))" "$@" || status=$?
  echo "$status" > build/all/status
} | tee build/all/output.log
status=$(cat build/all/status)

# Whoever sees only the end of this must see the reasons too; ctest's summary stays the last word.
told=build/all/failures.txt
awk -f t/failures.awk build/all/Testing/Temporary/LastTest.log > $told || [ "$status" -ne 0 ] || status=8
if [ -s $told ]; then
  cat $told
  sed -n '/% tests passed,/,$p' build/all/output.log
fi
exit "$status"
