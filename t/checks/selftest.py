#!/usr/bin/python3
"""Each check can fail: it finds what is spoilt in a copy of the tree, and refuses to judge what is not there."""

import argparse
import functools
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import spoilt_pages
import tree as base

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HELPERS = {"tree.py", "httpd_names.py", "documents.py", "spoilt_pages.py", "selftest.py"}

# Check, file to spoil, pattern, replacement (of the first match), what the check must then say.
SPOILS = [
    ("includes", "mod_wsflow/ws/opcode.hpp", r"\A", '#include "mod_wsflow/os/socket.hpp"\n',
     "ws must not include os"),
    ("includes", "mod_wsflow/tunnel/engine.hpp", r"\A", '#include "mod_wsflow/httpd/api.hpp"\n',
     "tunnel must not include httpd"),
    ("includes", "mod_wsflow/httpd/request/refusal.hpp", r"\A", '#include "mod_wsflow/httpd/status/action.hpp"\n',
     "httpd/request must not include httpd/status"),
    ("includes", "mod_wsflow/httpd/guard.hpp", r"\A", "#include <http_core.h>\n", "<http_core.h> belongs into"),
    ("includes", "mod_wsflow/tunnel/tunnel.hpp", r"\A", "#include <sys/socket.h>\n", "<sys/socket.h> belongs into"),
    ("includes", "mod_wsflow/ws/opcode.hpp", r"\A", '#include "close_code.hpp"\n', "no file of mod_wsflow/"),
    ("includes", "mod_wsflow/base/unique_fd.hpp", r"#include <unistd\.h>", "",
     "allowed by this check but not included"),
    ("rooms", "docs/internals/README.md", r"\| `ws/` [^\n]*\n", "", "names the folder ws/ 0 times"),
    ("rooms", "docs/internals/README.md", r"\| `ws/` ", "| `ws/` or `os/` ", "names the folder os/ 2 times"),
    ("rooms", "docs/internals/README.md", r"\| `t/fuzz/` [^\n]*\n", "", "names the folder t/fuzz/ 0 times"),
    ("rooms", "docs/internals/README.md", r"`tunnel/event_loop`", "`tunnel/gone`", "there is no tunnel/gone"),
    ("rooms", "docs/internals/README.md", r"\]\(border\.md\)", "](gone.md)", "links to gone.md"),
    ("rooms", "docs/internals/threads.md", r"\Z", "In `flow/`.\n", "threads.md: there is no flow/"),
    ("rooms", "CONTRIBUTING.md", r"`tunnel/close_codes\.hpp`", "`tunnel/codes.hpp`", "there is no tunnel/codes.hpp"),
    ("rooms", "mod_wsflow/httpd/origin/origin.cpp", r"\Z", "auto* here = child();\n",
     "origin.cpp: asks child() 1 times, 0 are allowed"),
    ("rooms", "mod_wsflow/httpd/limits/gate.cpp", r"\Z", "auto* here = child();\n", "gate.cpp: asks child() 2 times"),
    ("rooms", "mod_wsflow/httpd/process/process.hpp", r"Process\* child\(\) noexcept;", "",
     "process.hpp: may ask child() 1 times"),
    ("directives", "docs/mod_wsflow.md", r"\*\*Default:\*\* `WSFlow Off`", "**Default:** `WSFlow On`",
     "WSFlow: Default is"),
    ("directives", "docs/mod_wsflow.md", r"\Z", "\n## WSFlowGone\n\n- **Syntax:** `WSFlowGone`\n",
     "WSFlowGone: in docs"),
    ("directives", "docs/mod_wsflow.md", r"## WSFlowThreads\n", "## Threads\n", "WSFlowThreads: in mod_wsflow/"),
    ("directives", "docs/operating.md", r"\Z", "\nWrite `WSFlowGone`.\n", "there is no directive WSFlowGone"),
    ("directives", "conf.d/wsflow-reference.conf", r"#   Context: +server config\n", "#   Context: directory\n",
     "Context is"),
    ("directives", "conf.d/wsflow-reference.conf", r"#WSFlow Off\n", "", "(no example line)"),
    ("directives", "mod_wsflow/directives.cpp", r"64>\), nullptr, RSRC_CONF", "64>), nullptr, kAnywhere",
     "WSFlowThreads: httpd accepts it in sections, its context says otherwise"),
    ("directives", "mod_wsflow/directives.cpp", r'"WSFlowPing", set_ping', '"WSFlowPing", set_timeout',
     "set_timeout sets two directives"),
    ("directives", "mod_wsflow/directives.cpp", r'AP_INIT_RAW_ARGS\("WSFlowPing"', 'make("WSFlowPing"',
     "WSFlowPing: its row is made by make"),
    ("directives", "mod_wsflow/directives.cpp", r'AP_INIT_FLAG\("WSFlowShowUser"', 'AP_INIT_FLAG("WSFlow"',
     "WSFlow has two rows"),
    ("directives", "mod_wsflow/directives.cpp", r'"WSFlowPing \[client', '"WSFlowTimeout [client',
     "WSFlowPing: its syntax is another directive's"),
    ("directives", "mod_wsflow/directives.cpp", r"kDirectives\[I\]", "kDirectives[0]",
     "kCommands is not made of all rows"),
    ("directives", "mod_wsflow/directives.cpp", r'"WSFlowThreads number"', '"WSFlowThreads n"',
     "WSFlowThreads: Syntax is"),
    ("log_ids", "mod_wsflow/httpd/origin/origin.cpp", r"WSFLOGNO\(0041\)", "WSFLOGNO(0030)", "WSF0030 is taken by"),
    ("log_ids", "mod_wsflow/httpd/origin/origin.cpp", r"WSFLOGNO\(0041\)", "WSFLOGNO(31)", "no number of four digits"),
    ("log_ids", "mod_wsflow/httpd/origin/origin.cpp", r"WSFLOGNO\(0041\)", "", "no number of four digits"),
    ("log_ids", "mod_wsflow/httpd/origin/origin.cpp", r"WSFLOGNO\(0041\)", "WSFLOGNO(9031)",
     "WSF9031: in the code, not in docs"),
    ("log_ids", "mod_wsflow/httpd/checks/start_checks.cpp", r"APLOG_WARNING", "APLOG_INFO", "WSF0081 is \"info\""),
    ("log_ids", "mod_wsflow/httpd/handshake/attempt.cpp", r"first \? APLOG_WARNING : APLOG_INFO",
     "first ? APLOG_INFO : APLOG_DEBUG", "WSF0075 is \"info, then debug\""),
    ("fresh_machine", "t/setup.sh", r"  switch_guests_off\n", "", "leaves a module of others on"),
    ("fresh_machine", "t/setup.sh", r'  rm -f "\$no_cluster"\n', "", "leaves its setting for clusters"),
    ("log_ids", "mod_wsflow/tunnel/event_loop.cpp", r"LogLevel::debug, 103", "LogLevel::debug, 101",
     "WSF0101 is taken by"),
    ("log_ids", "docs/log-messages.md", r"\| WSF0020 \|[^\n]*\n", "", "WSF0020: in the code, not in docs"),
    ("log_ids", "docs/log-messages.md", r"internal error of an unknown kind", "internal trouble", "WSF0002 reads"),
    ("metrics", "mod_wsflow/metrics/catalogue.hpp", r"wsflow_handshakes_total", "wsflow_handshakes",
     "is called wsflow_…_total"),
    ("metrics", "mod_wsflow/metrics/catalogue.hpp", r"wsflow_handshakes_total", "tunnel_handshakes_total",
     "is called wsflow_…_total"),
    ("metrics", "mod_wsflow/metrics/catalogue.hpp", r'_total",\s+"outcome"', '_total", "result"',
     "labels are \"result\""),
    ("metrics", "docs/metrics.md", r"\| `wsflow_relayed_bytes_total` [^\n]*\n", "",
     "wsflow_relayed_bytes_total: in mod_wsflow/"),
    ("metrics", "mod_wsflow/base/outcome.cpp", r'"client-eof"', '"client-end"', "client-end: in mod_wsflow/"),
    ("metrics", "mod_wsflow/metrics/catalogue.hpp", r"wsflow_ping_rtt_seconds", "wsflow_ping_rtt_ms",
     "is called wsflow_…_seconds"),
    ("metrics", "docs/metrics.md", r"Requests that wait for a permit now", "Those that wait",
     "wsflow_permits_waiting: help is"),
    ("fingerprint --only=fields", "mod_wsflow/base/fingerprint.hpp", r"  hash\.add\(name\);\n  hash\.add\(std::uint64_t\{offset\}\);\n", "",
     "two fields change places, and the fingerprint stays"),
    ("close_codes", "mod_wsflow/tunnel/close_codes.hpp", r"Notice::too_big, 1001, ", "Notice::too_big, 1002, ",
     "told of too-big by client: too-big, 1002, client fault in mod_wsflow/"),
    ("close_codes", "mod_wsflow/tunnel/close_codes.hpp", r'"too-big", 1009, ', '"too-big", 1008, ',
     "to clients, too-big: 1008, message too big in mod_wsflow/"),
    ("close_codes", "mod_wsflow/directives.cpp", r"too-big=1009 ", "too-big=1008 ", "the default of WSFlowCloseCode is not"),
    ("close_codes", "docs/close-codes.md", r"\| `lifetime` \| 1012[^\n]*\n", "", "lifetime: in mod_wsflow/"),
    ("close_codes", "docs/close-codes.md", r"\| `lifetime` \| nobody[^\n]*\n", "", "lifetime by nobody: in mod_wsflow/"),
    ("status_keys", "mod_wsflow/status/json.cpp", r'"tunnels_max"', '"max_tunnels"', "max_tunnels: in mod_wsflow/"),
    ("status_keys", "mod_wsflow/status/json_tunnels.cpp", r'text\(writer, "route",', "text(writer, name,",
     "cannot tell which key name is"),
    ("status_keys", "mod_wsflow/metrics/catalogue.hpp", r'"tunnels\.ended\.', '"tunnels.gone.', "gone: in mod_wsflow/"),
    ("status_keys", "mod_wsflow/metrics/catalogue.hpp", r'"acquire_wait_ms"', '"waits_ms"', "waits_ms: in mod_wsflow/"),
    ("status_keys", "mod_wsflow/metrics/catalogue.hpp", r'percentiles = "Handshake"', 'percentiles = "Upgrade"',
     "WSFlowUpgradeP95Ms: in mod_wsflow/"),
    ("status_keys", "mod_wsflow/metrics/catalogue.hpp", r'"NotWebSocket"', '"Foreign"',
     "WSFlowForeign: in mod_wsflow/"),
    ("status_keys", "mod_wsflow/status/json_limits.cpp", r'"ramp_share"', '"ramp_part"', "ramp_part: in mod_wsflow/"),
    ("status_keys", "mod_wsflow/status/auto_lines.cpp", r'limit \+ "Peak"', 'limit + "Top"',
     "WSFlowLimit[i]Top: in mod_wsflow/"),
    ("status_keys", "docs/status-formats.md", r"`WSFlowProcesses`", "`WSFlowChildren`", "WSFlowChildren: in docs"),
    ("headers mod_wsflow/ws/opcode.hpp", "mod_wsflow/ws/opcode.hpp", r"#include <cstdint>\n#include <string_view>\n",
     "", "mod_wsflow/ws/opcode.hpp:"),
    ("headers mod_wsflow/ws/opcode.hpp", "mod_wsflow/ws/opcode.hpp", r"#pragma once\n", "", "no #pragma once"),
    ("thread_safety --only=guarded", "mod_wsflow/base/thread_annotations.hpp", r"WSFLOW_THREAD_ANNOTATION\(guarded_by\(lock\)\)", "",
     "a guarded field without its lock"),
    ("thread_safety --only=LockedTable", "mod_wsflow/limits/locked_table.hpp", r" private:\n  friend class Lock;\n  explicit ", " public:\n  ",
     "a function of LockedTable without a lock"),
    ("thread_safety --only=LockedTable", "mod_wsflow/limits/lock.hpp", r"WSFLOW_REQUIRES\(table_\)", "",
     "a LockedTable of a Lock that was not asked"),
    ("thread_safety --only=limits", "mod_wsflow/limits/lock.hpp", r"WSFLOW_EXCLUDES\(table, table_\)", "WSFLOW_EXCLUDES(table_)",
     "a second lock of the limits"),
    ("thread_safety --only=reaper", "mod_wsflow/shm/reaper_lock.hpp", r"WSFLOW_EXCLUDES\(layout\)", "", "a second lock of the reaper"),
    ("thread_safety --only=reaper", "mod_wsflow/base/mutex.hpp", r"WSFLOW_ACQUIRE\(mutex\)", "", "what the rules allow"),
    ("thread_safety --only=none", "mod_wsflow/ws/handshake.cpp", r"\Z", "std::mutex mutex;\n", "the analysis does not know it"),
    ("thread_safety --only=none", "CMakeLists.txt", r" -Wthread-safety", "", "clang builds without"),
    ("thread_safety --only=none", "apxs/Makefile", r"-Wthread-safety", "", "clang builds without"),
    ("file_size", "t/checks/tree.py", r"\Z", "\n" * 400, "the limit is 400"),
    ("file_size", "mod_wsflow/ws/handshake.cpp", r"\Z", "//\n" * 400, "the limit is 400"),
    ("fresh_machine", "t/setup.sh", r"sort -V", "sort", "does not say"),
    ("fresh_machine", "t/setup.sh", r"if openssl_is_old; then", "if false; then", "does not say"),
    ("fresh_machine", "t/setup.sh", r"\|\| ! install \$outdated", "|| install $outdated", "says \"AH01882\""),
    ("fresh_machine", "t/httpd/support/error_log.py", r"\|AH01882", "", "for a fault"),
    ("second_try", "t/failures.awk", r"AH0005\[12\]", "AH00099", "AH00052: child pid 1 exit signal Aborted (6)'"),
    ("second_try", "t/failures.awk", r"/\^\(httpd[^/]*/", "/./", "a case, which says"),
    ("no_throw", "mod_wsflow/ws/handshake.cpp", r"\Z", "void f() { throw 1; }\n", "our code does not throw"),
    ("no_throw", "mod_wsflow/ws/handshake.cpp", r"\Z", "int* f() { return new int; }\n", "naked new"),
    ("no_throw", "mod_wsflow/ws/handshake.cpp", r"\Z", "void f(int* p) { delete p; }\n", "naked delete"),
    ("no_throw", "mod_wsflow/ws/handshake.cpp", r"\Z", "void f() { std::printf(\"\"); }\n", "stdio in a module"),
    ("no_throw", "mod_wsflow/ws/handshake.cpp", r"\Z", "#include <iostream>\n", "header not wanted"),
    ("no_throw", "mod_wsflow/ws/handshake.cpp", r"\Z", "std::regex f();\n", "not wanted in the module"),
    ("no_throw", "mod_wsflow/ws/handshake.cpp", r"\Z", "int f() { thread_local int n; return n; }\n",
     "no thread-local state"),
    ("no_throw", "mod_wsflow/ws/handshake.cpp", r"\Z", "int f() { static int n = 0; return n; }\n", "mutable static"),
    ("no_throw", "mod_wsflow/ws/handshake.cpp", r"\Z", "namespace wsflow { namespace { int counter; } }\n",
     "mutable variable"),
    ("no_throw", "mod_wsflow/ws/handshake.cpp", r"\Z", "std::string name = \"x\";\n", "mutable variable"),
    ("no_throw", "mod_wsflow/ws/handshake.cpp", r"\Z", "const char* name = \"x\";\n", "mutable variable"),
    ("no_throw", "mod_wsflow/ws/handshake.cpp", r"\Z", "std::atomic<int> count{0};\n", "mutable variable"),
    ("no_throw", "mod_wsflow/tunnel/tunnel.cpp", r"::operator delete\(tunnel, [^;]*;", "", "allowed by this check but not there"),
    ("older_httpd", "mod_wsflow/httpd/housekeeping/worker_down.cpp", r"member\.name", "member.worker->name_ex",
     "name_ex is newer than the oldest httpd"),
    ("older_httpd", "mod_wsflow/httpd/request/parked_request.cpp", r"newer::kAsyncWaitIo", "CONN_STATE_ASYNC_WAITIO",
     "CONN_STATE_ASYNC_WAITIO is newer than the oldest httpd"),
    ("older_httpd", "mod_wsflow/httpd/tunnel/pump.cpp", r"ap_get_pollfd_from_conn != nullptr", "kNoSuchName",
     "does not compile for the oldest httpd"),
    ("older_httpd", "mod_wsflow/httpd/api.hpp", r"\bMODULE_MAGIC_NUMBER_MAJOR != 20120211 \|\|", "", "accepts trunk"),
    ("older_httpd", "mod_wsflow/httpd/api.hpp", r"\|\|\s*\\\s*!AP_MODULE_MAGIC_AT_LEAST\(20120211, 116\)",
     "// !AP_MODULE_MAGIC_AT_LEAST(20120211, 116)", "accepts an older httpd"),
    ("older_httpd", "README.md", r"2\.4\.49", "2.4.12", "does not say that httpd 2.4.49 is the oldest"),
    ("compiler_warnings --only=html_text", "CMakeLists.txt", r"-Wswitch-enum", "-Wswitch-enum -Werror", "CMakeLists.txt: warnings are errors"),
    ("compiler_warnings --only=html_text", "CMakeLists.txt", r"their compilers\" OFF", "their compilers\" ON", "WSFLOW_WERROR is not off"),
    ("compiler_warnings --only=html_text", "apxs/Makefile", r"-Wswitch-enum", "-Wswitch-enum -Werror", "apxs/Makefile: warnings are errors"),
    ("compiler_warnings --only=html_text", "mod_wsflow/status/html_text.cpp", r"text\.append\(\" \"\)\.append\((std.*?;)",
     'text += " " + std::to_string(static_cast<int>(second)) + " " + small;', "a warning at -O3"),
    ("compiler_warnings --only=html_text", "CMakePresets.json", r'"WSFLOW_WERROR": "ON"', '"WSFLOW_WERROR": "OFF"', "the presets do not"),
    ("sources", "apxs/sources.list", r"mod_wsflow/ws/handshake\.cpp\n", "", "handshake.cpp: in mod_wsflow/"),
    ("sources", "apxs/sources.list", r"\Z", "mod_wsflow/ws/gone.cpp\n", "gone.cpp: in apxs/"),
    ("sources", "apxs/programs.list", r"\Z", "brew bindir\n", "brew: in apxs/programs.list"),
    ("sources", "apxs/programs.list", r"\Z", "brew libdir\n", "brew is installed to bindir or sbindir"),
    ("format", "mod_wsflow/ws/opcode.hpp", r"constexpr bool is_control", "constexpr   bool   is_control",
     "mod_wsflow/ws/opcode.hpp: is not formatted"),
]
SPOILS += spoilt_pages.SPOILS

# Check, files to add, what they hold, what the check must then say.
ADDED = [
    ("rooms", ["mod_wsflow/ws/clock.hpp"], "", "clock: stands in mod_wsflow/base and mod_wsflow/ws"),
    ("rooms", ["mod_wsflow/httpd/origin/pure.hpp"], "", "httpd/origin/pure: reaches no header of httpd"),
    ("rooms", [f"mod_wsflow/httpd/origin/one{i}.hpp" for i in range(26)], "", "the limit of a room is 25"),
    ("rooms", ["mod_wsflow/cellar/wine.hpp"], "", "names the folder cellar/ 0 times"),
    ("sources", ["mod_wsflow/programs/brew/wsflow_brew.cpp"], "", "brew: in mod_wsflow/programs/, not in apxs/programs.list"),
    ("includes", ["mod_wsflow/programs/brew/wsflow_brew.cpp"], "", "the folder programs/brew is no layer"),
    ("rooms", ["mod_wsflow/programs/brew/wsflow_brew.cpp"], "", "names the folder programs/brew/ 0 times"),
    ("rooms", ["t/unit/flow/any_test.cpp"], "", "there is no mod_wsflow/flow/"),
]

# Check, file without which it must not say that all is well.
INPUTS = [
    ("includes", "mod_wsflow"), ("directives", "mod_wsflow/directives.cpp"), ("directives",
     "docs/mod_wsflow.md"),
    ("rooms", "docs/internals/README.md"), ("rooms", "CONTRIBUTING.md"), ("rooms", "t/unit"),
    ("rooms", "mod_wsflow/httpd"),
    ("directives", "conf.d/wsflow-reference.conf"), ("log_ids", "docs/log-messages.md"), ("log_ids", "mod_wsflow"),
    ("metrics", "mod_wsflow/metrics/catalogue.cpp"), ("metrics", "mod_wsflow/metrics/catalogue.hpp"), ("metrics", "docs/metrics.md"), ("metrics",
     "mod_wsflow/base/outcome.cpp"),
    ("fingerprint", "mod_wsflow/metrics/segment_fingerprint.cpp"), ("fingerprint --compiler no-such-compiler", None),
    ("close_codes", "mod_wsflow/tunnel/close_codes.hpp"), ("close_codes", "docs/close-codes.md"),
    ("status_keys", "mod_wsflow/status"), ("status_keys", "mod_wsflow/status/auto_lines.cpp"),
    ("status_keys", "docs/status-formats.md"), ("headers", "CMakeLists.txt"), ("headers", "mod_wsflow"), ("file_size",
     "t"), ("fresh_machine", "t/setup.sh"), ("fresh_machine", "t/httpd/support/error_log.py"), ("second_try", "t/failures.awk"),
    ("no_throw", "mod_wsflow"), ("sources", "apxs/sources.list"), ("sources", "apxs/programs.list"), ("format", ".clang-format"), ("format",
     "mod_wsflow"),
    ("installed /nowhere/mod_wsflow.so", None), ("compiler_warnings", "apxs/Makefile"), ("compiler_warnings", "CMakePresets.json"),
    ("compiler_warnings --compiler no-such-compiler", None),
    ("older_httpd", "mod_wsflow/httpd/newer.hpp"), ("older_httpd --compiler no-such-compiler", None),
    ("thread_safety", "mod_wsflow/base/mutex.hpp"), ("thread_safety --compiler no-such-compiler", None),
    ("exports /nowhere/mod_wsflow.so", None), ("relay_cost /nowhere/relay_cost", None), ("relay_cost /bin/true", None),
    ("headers --compiler no-such-compiler", None), *spoilt_pages.INPUTS,
]

# Modules that exports.py must refuse, and its words.
MODULES = [
    ("int wsflow_module; int another;", "another: in"),
    ("int another;", "wsflow_module: in what httpd looks up"),
    ("int wsflow_module; extern \"C\" void ap_get_pollfd_from_conn(); "
     "__attribute__((visibility(\"hidden\"))) void (*use)() = ap_get_pollfd_from_conn;",
     "is newer than the oldest httpd"),
    ("int wsflow_module; inline int shared = 0; int* use() { return &shared; }", "STB_GNU_UNIQUE"),
]


# A relay that does far too much for each message. What starts the counting is not inlined.
LAVISH = """#include <cstdlib>
extern "C" [[gnu::noinline]] void relay_cost_turn() { for (volatile int i = 0; i < 1000; i = i + 1) {} }
namespace wsflow::tunnel { struct EventLoop { void run(); }; }
[[gnu::noinline]] void wsflow::tunnel::EventLoop::run() { relay_cost_turn(); }
int main(int, char** argv) {
  for (int i = std::atoi(argv[2]); i > 0; --i) {
    if (argv[1][1] == 'o') wsflow::tunnel::EventLoop().run(); else relay_cost_turn();
  }
}
"""


def run(root, words):
    """One check, and what it says of the tree."""
    name, *arguments = words.split()
    done = subprocess.run([sys.executable, HERE / f"{name}.py", "--root", root, *arguments],
                          capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@functools.cache
def run_on_the_whole(root, words):
    """The same, while nothing is spoilt."""
    return run(root, words)


def copy_tree(target):
    unwanted = shutil.ignore_patterns("__pycache__", "corpus", "node_modules", ".pytest_cache")
    for folder in ("mod_wsflow", "docs", "conf.d", "apxs", "findings", "t"):
        shutil.copytree(ROOT / folder, target / folder, ignore=unwanted)
    for name in ("CMakeLists.txt", "CMakePresets.json", "CONTRIBUTING.md", "README.md", "SECURITY.md", "LICENSE", ".clang-format"):
        shutil.copy(ROOT / name, target / name)


def try_spoil(root, check, name, pattern, replacement, words):
    path = root / name
    text = path.read_text(encoding="utf-8")
    spoilt = re.sub(pattern, lambda _: replacement, text, count=1)
    if spoilt == text:
        return f"{name}: nothing to spoil for {check}: {pattern}"
    before = run_on_the_whole(root, check)[1].count(words)
    path.write_text(spoilt, encoding="utf-8")
    status, output = run(root, check)
    path.write_text(text, encoding="utf-8")
    if status == 1 and output.count(words) > before:
        return None
    return f"{check} does not find the spoilt {name} ({words}); it said, with status {status}: {output.strip()[:300]}"


def try_added(root, check, names, text, words):
    before = run_on_the_whole(root, check)[1].count(words)
    folders = []
    for path in (root / name for name in names):
        for parent in reversed(path.parents):
            if not parent.exists():
                parent.mkdir()
                folders.append(parent)
        path.write_text(text, encoding="utf-8")
    status, output = run(root, check)
    for name in names:
        (root / name).unlink()
    for folder in reversed(folders):
        folder.rmdir()
    if status == 1 and output.count(words) > before:
        return None
    return f"{check} does not find {names[0]} ({words}); it said, with status {status}: {output.strip()[:300]}"


def try_without(root, check, name):
    aside = root / "aside"
    if name:
        (root / name).rename(aside)
    status, output = run(root, check)
    if name:
        aside.rename(root / name)
    return None if status == 2 else f"{check} without {name} ends with {status}: {output.strip()[:300]}"


def try_module(root, compiler, code, words):
    module = root / "spoilt.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", module, "-x", "c++", "-"], input=code, check=True, text=True)
    status, output = run(root, f"exports {module}")
    return None if status == 1 and words in output else f"exports accepts \"{code}\": {output.strip()}"


# A program that says what it is for.
HELPFUL = '#include <cstdio>\nint main() { std::puts("usage: program\\n\\nDoes nothing."); }\n'


def try_install(root, compiler):
    """A Makefile that installs what is built as it is, and a program that needs a library that nobody has named."""
    stores = sorted(path.name for path in (ROOT / "mod_wsflow/stores").iterdir() if path.is_dir())
    modules = [root / "mod_wsflow.so", *(root / f"mod_wsflow_{store}.so" for store in stores)]
    for path in modules:
        subprocess.run([compiler, "-g", "-shared", "-fPIC", "-o", path, "-x", "c++", "-"], input="int wsflow_module;",
                       check=True, text=True)
    program = [compiler, "-g", "-pie", "-fPIE", "-Wl,-z,now", "-x", "c++", "-"]
    for name in base.programs(base.Tree(root)):
        modules.append(root / f"wsflow-{name}")
        subprocess.run([*program, "-o", modules[-1]], input=HELPFUL, check=True, text=True)
    module = " ".join(map(str, modules))
    makefile = root / "apxs/Makefile"
    text = makefile.read_text(encoding="utf-8")
    before = run(root, f"installed {module}")
    makefile.write_text(text.replace("$(STRIP) -o", """sh -c 'cp "$$2" "$$1"' cp"""), encoding="utf-8")
    status, output = run(root, f"installed {module}")
    makefile.write_text(text, encoding="utf-8")
    if before[0] != 0 or status != 1 or output.count(".symtab") != len(modules):
        return f"installed: {before} {status} {output}"
    return try_page(root, module) or try_needy(root, module, modules[-1], program)


def try_page(root, module):
    """Pages that have lost a directive and keep Markdown."""
    words, check, maker = "WSFlowNode: in docs/mod_wsflow.md, not in", f"installed {module}", "apxs/manual.awk"
    return (try_spoil(root, check, maker, r'title == "Summary"', '(title == "Summary" || title == "WSFlowNode")', words) or
            try_spoil(root, check, maker, r'first == "\["', 'first == ""', "Markdown left"))


def try_needy(root, module, needy, program):
    if not needy.name.startswith("wsflow-"):
        return None
    # One that this test has made: what other libraries a machine has for programs to link is not known.
    subprocess.run([*program[:1], "-shared", "-fPIC", "-o", root / "libunheard.so", "-x", "c++", "-"], input="int unheard;",
                   check=True, text=True)
    subprocess.run([*program, "-o", needy, "-Wl,--no-as-needed", f"-L{root}", f"-Wl,-rpath,{root}", "-lunheard"],
                   input=HELPFUL, check=True, text=True)
    status, output = run(root, f"installed {module}")
    return None if status == 1 and "needs libunheard" in output else f"installed, with a needy program: {status} {output}"


def try_cost(root, compiler):
    program = root / "lavish"
    subprocess.run([compiler, "-O1", "-o", program, "-x", "c++", "-"], input=LAVISH, check=True, text=True)
    status, output = run(root, f"relay_cost {program}")
    found = output.count("a message costs too much")
    return None if status == 1 and found == 4 else f"relay_cost, status {status}, finds {found} of 4: {output.strip()}"


def untested():
    """Checks that nobody spoils, or that ctest does not run."""
    tested = {check.split()[0] for check, *_ in SPOILS + ADDED} | {"exports", "installed", "relay_cost"}
    guarded = {check.split()[0] for check, _ in INPUTS}
    registered = set(re.findall(r"\w+", (HERE / "CMakeLists.txt").read_text()))
    names = {path.stem for path in HERE.glob("*.py") if path.name not in HELPERS}
    return [f"{name}.py: is not {what}" for name in sorted(names)
            for what, known in (("spoilt here", tested), ("tried without its input", guarded),
                                ("run by ctest", registered))
            if name not in known]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", default="g++")
    compiler = parser.parse_args().compiler
    problems = untested()
    with tempfile.TemporaryDirectory(prefix="wsflow-checks-") as folder:
        root = pathlib.Path(folder)
        copy_tree(root)
        problems += [try_spoil(root, *spoil) for spoil in SPOILS]
        problems += [try_added(root, *one) for one in ADDED]
        problems += [try_without(root, *one) for one in INPUTS]
        problems += [try_module(root, compiler, *one) for one in MODULES]
        problems += [try_install(root, compiler), try_cost(root, compiler)]
    problems = [problem for problem in problems if problem]
    print("\n".join(problems) or f"{len(SPOILS) + len(ADDED) + len(INPUTS) + len(MODULES) + 2} failures provoked")
    return 1 if problems else 0


sys.exit(main())
