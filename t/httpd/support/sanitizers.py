"""How httpd is started with a sanitizer's runtime or under valgrind, and what these reported.

WSFLOW_SANITIZER is empty, asan, tsan or valgrind: what the module at WSFLOW_MODULE was built for.
"""

import os
import pathlib
import re
import subprocess

# httpd and APR are not instrumented: what they hand from thread to thread by atomics looks like races. A report of
# the runtimes or of valgrind counts when a frame of ours is in it.
_OURS = re.compile(r"mod_wsflow|wsflow::")
# An access of a data race, with its stack. Between two workers, where one access has no frame of ours, httpd has
# ordered them by such an atomic: a connection's pool is cleared by its next owner. Threads of ours, which have names,
# have nothing to do with httpd's memory: theirs count.
_ACCESS = re.compile(r"^  (?:Previous )?(?:atomic )?(?:read|write) of size .*?(?=^$|\Z)", re.I | re.M | re.S)
_OUR_THREAD = re.compile(r"Thread T\d+ 'wsflow-")
# Behind it stands who made a descriptor that others have used, which httpd hands on by such an atomic.
_DESCRIPTOR_MADE = "Location is file descriptor"
# A process of prefork ends within its handler of SIGTERM, in the middle of a request, whose mutex httpd holds: with any
# module, and with ours at the end of the tunnel for which the signal has waited.
_ENDS_IN_ITS_HANDLER = re.compile(r"destroy of a locked mutex.*~DeferSigterm", re.S)
KIND = os.environ.get("WSFLOW_SANITIZER", "")
_RUNTIME = {"asan": "libasan.so", "tsan": "libtsan.so"}


def _runtime():
    name = _RUNTIME[KIND]
    found = subprocess.run(["g++", f"-print-file-name={name}"], check=True, capture_output=True, text=True).stdout
    if not os.path.isabs(found.strip()):
        raise AssertionError(f"g++ has no {name}")
    return os.path.realpath(found.strip())


def prefix(root):
    """The words before httpd's command line."""
    if KIND == "valgrind":
        return ["valgrind", "--tool=memcheck", "--leak-check=full", "--show-leak-kinds=definite",
                "--keep-debuginfo=yes", "--num-callers=40", "--fair-sched=yes",
                f"--log-file={root}/valgrind.%p"]
    if KIND in _RUNTIME:
        # A fixed layout: the runtimes' shadow memory collides with some random ones.
        return ["setarch", "-R", "env", f"LD_PRELOAD={_runtime()}"]
    return []


def environment(root):
    variables = {"PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), "LANG": "C"}
    log = f"log_path={root}/sanitizer"
    if KIND == "asan":
        # Pools look like leaks at exit; valgrind looks for real ones. 2: httpd must not take the handlers over.
        variables["ASAN_OPTIONS"] = ("detect_leaks=0:handle_segv=2:handle_sigbus=2:handle_abort=2:"
                                     f"detect_stack_use_after_return=1:{log}")
        variables["UBSAN_OPTIONS"] = f"print_stacktrace=1:{log}"
    if KIND == "tsan":
        variables["TSAN_OPTIONS"] = ("die_after_fork=0:report_signal_unsafe=0:exitcode=0:"
                                     f"history_size=4:second_deadlock_stack=1:{log}")
    return variables


def reports(root):
    """Every report of this run that is about the module."""
    found = []
    for path in sorted(pathlib.Path(root).glob("sanitizer.*")):
        for block in re.split(r"^={18}\n", path.read_text(errors="replace"), flags=re.M):
            # Address errors count whoever was on the stack, for the heap is one; crashes of httpd's own do not
            # (error_log.py, mark_stop).
            if KIND == "tsan":
                block = block.split(_DESCRIPTOR_MADE)[0]
                both = all(_OURS.search(access) for access in _ACCESS.findall(block))
                if (not both and not _OUR_THREAD.search(block)) or _ENDS_IN_ITS_HANDLER.search(block):
                    continue
            anybodys = KIND == "asan" and "AddressSanitizer: SEGV" not in block
            if block.strip() and (anybodys or _OURS.search(block)):
                found.append(f"{path.name}:\n{block[:20000]}")
    for path in sorted(pathlib.Path(root).glob("valgrind.*")):
        text = re.sub(r"^==\d+== ?", "", path.read_text(errors="replace"), flags=re.M)
        found += [f"{path.name}:\n{block}" for block in text.split("\n\n")
                  if _OURS.search(block) and re.search(r"^ +(at|by) 0x", block, re.M)]
    return found
