#!/usr/bin/python3
"""clang's thread safety analysis is on, knows every mutex, and refuses what the lock rules forbid."""

import concurrent.futures
import re
import shutil
import subprocess

import tree as base

FLAG = "-Wthread-safety"
MUTEX = "mod_wsflow/base/mutex.hpp"
STANDARD = re.compile(r"\bstd::(?:\w*_)?(?:mutex|lock_guard|unique_lock|scoped_lock)\b")

HEAD = """#include "mod_wsflow/base/mutex.hpp"
#include "mod_wsflow/limits/burial.hpp"
#include "mod_wsflow/limits/lock.hpp"
#include "mod_wsflow/shm/reaper_lock.hpp"
using namespace wsflow;
using namespace wsflow::limits;
struct Guarded {
  base::Mutex mutex;
  int value WSFLOW_GUARDED_BY(mutex) = 0;
};
"""

GOOD = """
void change(Guarded& guarded) {
  const base::MutexLock lock(guarded.mutex);
  ++guarded.value;
}
void change_if_free(Guarded& guarded) {
  const base::MutexTryLock lock(guarded.mutex);
  if (lock) ++guarded.value;
}
void bury(Table& table, const SlotWakeups& wakeups) {
  if (Lock lock(table, wakeups, 0); lock) bury_one(lock.table(), 0);
}
void reap(shm::Layout& layout) {
  if (const shm::ReaperLock lock(layout); !lock) return;
  const shm::ReaperLock again(layout);
}
"""

# What the rules forbid, the code that does it, and the error that clang must give.
BAD = [
    ("a guarded field without its lock", "void f(Guarded& guarded) { ++guarded.value; }", "requires holding mutex"),
    ("a guarded field with a lock that was not asked whether it is held",
     "void f(Guarded& guarded) { const base::MutexTryLock lock(guarded.mutex); ++guarded.value; }",
     "requires holding mutex"),
    ("a function of LockedTable without a lock", "void f(Table& table) { bury_one(table, 0); }",
     "no matching function for call to 'bury_one'"),
    ("a LockedTable that no Lock has made", "void f(Table& table) { bury_one(LockedTable(table), 0); }",
     "private constructor"),
    ("a LockedTable of a Lock that was not asked whether it is held",
     "void f(Table& table, const SlotWakeups& wakeups) { Lock lock(table, wakeups, 0); bury_one(lock.table(), 0); }",
     "requires holding"),
    ("a second lock of the limits", "void f(Table& table, const SlotWakeups& wakeups) { Lock lock(table, wakeups, 0); "
     "if (lock) Lock again(table, wakeups, 0); }", "is held"),
    ("a second lock of the reaper", "void f(shm::Layout& layout) { const shm::ReaperLock lock(layout); "
     "if (lock) shm::ReaperLock again(layout); }", "is held"),
]


def errors(tree, compiler, code):
    """The errors in CODE, as clang++ gives them."""
    command = [compiler, "-std=c++20", "-fsyntax-only", FLAG, "-Werror", f"-I{tree.root}", "-x", "c++", "-"]
    done = subprocess.run(command, input=HEAD + code, cwd=tree.root, capture_output=True, text=True)
    return [line for line in done.stderr.splitlines() if "error:" in line]


def unknown_mutexes(tree):
    for name in tree.sources():
        code = base.bare(tree.text(name))
        if name != MUTEX:
            yield from (f"{name}: {found}: the analysis does not know it; {MUTEX} has one that it knows"
                        for found in sorted(set(STANDARD.findall(code))))


def check(tree, options):
    if shutil.which(options.compiler) is None:
        base.missing(f"no compiler {options.compiler}")
    tree.path(MUTEX)
    findings = [f"{name}: clang builds without {FLAG}" for name in ("CMakeLists.txt", "apxs/Makefile")
                if FLAG not in tree.text(name)]
    findings += unknown_mutexes(tree)
    cases = [case for case in BAD if options.only in case[0]]
    codes = [GOOD] + [code for _, code, _ in cases]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        good, *bad = pool.map(lambda code: errors(tree, options.compiler, code), codes)
    findings += [f"what the rules allow does not compile: {good[0]}"] if good else []
    return findings + [f"{what}: clang does not say \"{words}\" of it: {(found or ['no error'])[0]}"
                       for (what, _, words), found in zip(cases, bad) if not any(words in line for line in found)]


base.run(check, ("--compiler", {"default": "clang++"}), ("--only", {"default": "", "help": "what the name of a case has"}))
