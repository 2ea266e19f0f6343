#!/usr/bin/python3
"""Drives the most used WebSocket client libraries through mod_wsflow, and says who came back, and after how long.

No test, and not part of CI: what it fetches from npm (build/clients) is pinned in package-lock.json. By hand, after
`cmake --build --preset release`; node and npm must be there:

    t/clients/run.py                                    # all libraries, all phases: half an hour
    t/clients/run.py --only mqtt,phoenix --phase stop
    t/clients/run.py --both --markdown --json build/clients/result.json

Each library in each phase has an httpd of its own with the module's defaults, an origin that speaks the library's protocol,
and --clients clients in one process, all connected before the phase begins:

    origin   the origin is killed, and started again on its port a second later: back within 30 s
    reload   a graceful reload: nobody leaves within 10 s, and a ping of each comes back from the origin
    drain    a graceful reload with a short WSFlowDrain: all leave, and are back within 30 s
    restart  SIGHUP: back within 45 s
    outage   the origin ends all connections and answers 503 for 12 s, behind recipe.conf (docs/flow-control.md): back
             within 60 s of its end
    stop     SIGTERM, and a start on the same ports 2 s after httpd is gone: back within 45 s

Libraries have their defaults. With --advised those that stay away for good somewhere are set as an application should set
them (libraries.mjs); with --both they are driven both ways. What is known to stay away with its defaults (libraries.py) is
said and no failure. A phase is over when all have been back for a second.

Columns: left, whose connection ended; told, connections by Close code and reason; over s, from the first of these ends to
the last; back, who was connected in the end; exchange, whose ping the origin answered then; first s and last s, the
returns, from the moment that the title names; most in 0.1 s and 1 s, how much of a herd they were; own gap, the median time
from a client's own Close to its return; refused each, handshakes of each client that led to nothing (not signalr's POST
before each of them).

It ends with 0 if every library that can come back did, else with 1.
"""
import argparse
import datetime
import json
import pathlib
import shutil
import signal
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "httpd" / "support"))
sys.dont_write_bytecode = True

import phases  # noqa: E402
import programs  # noqa: E402
import report  # noqa: E402
import server  # noqa: E402
from libraries import LIBRARIES  # noqa: E402
from tls import Certificates  # noqa: E402
from trial import Trial  # noqa: E402


def one(options, certs, name, phase_name, advised):
    """The Result of one library in one phase."""
    phase = phases.PHASES[phase_name]
    version = programs.version(options.packages, LIBRARIES[name].package)
    trial = Trial(options, certs, name, phase_name, advised, version, (phase.main + options.conf, phase.inside))
    try:
        with trial:
            phase.run(trial)
    except (AssertionError, OSError, RuntimeError) as error:
        trial.result.failure = str(error).replace("\n", " ")[:300]
    return trial.result


def ways(options, name):
    """With which options a library is driven."""
    if options.both:
        return (False, True) if LIBRARIES[name].advice else (False,)
    return (options.advised,)


def chosen(words, known, what):
    names = words.split(",") if words else list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"no {what} {', '.join(unknown)}; there are {', '.join(known)}")
    return names


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="LIB[,LIB]", help=", ".join(LIBRARIES))
    parser.add_argument("--phase", metavar="PHASE[,PHASE]", help=", ".join(phases.PHASES))
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--advised", action="store_true", help="libraries as an application should set them")
    parser.add_argument("--both", action="store_true", help="with their defaults, and as they should be set")
    parser.add_argument("--route", default="", metavar="KEYS", help="keys of the WSFlowPass line, for instance retry=1")
    parser.add_argument("--conf", default="", metavar="LINES", help="more lines of httpd.conf")
    parser.add_argument("--module", type=pathlib.Path, default=TREE / "build/release/mod_wsflow.so")
    parser.add_argument("--packages", type=pathlib.Path, default=TREE / "build/clients", help="where npm installs")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--markdown", action="store_true")
    return parser.parse_args()


def main():
    options = arguments()
    names = chosen(options.only, LIBRARIES, "library")
    wanted = chosen(options.phase, phases.PHASES, "phase")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is stopped
    programs.install(HERE, options.packages)
    results, complaints = [], []
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    with tempfile.TemporaryDirectory(prefix="wsflow-clients-") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        certs = Certificates(root / "tls")
        built = datetime.datetime.fromtimestamp(options.module.stat().st_mtime, datetime.timezone.utc)
        # A build that goes on meanwhile would be loaded by the next reload.
        options.module = pathlib.Path(shutil.copy(options.module, root))
        for name in names:
            for advised in ways(options, name):
                for phase in wanted:
                    result = one(options, certs, name, phase, advised)
                    results.append(result)
                    complaints.append(phases.verdict(result, LIBRARIES[name]))
                    print(f"{name} {phase}{' advised' if advised else ''}: {complaints[-1] or 'as it should be'}",
                          file=sys.stderr, flush=True)
    httpd = ".".join(map(str, server.version()))
    print(report.heading(date, httpd, f"{options.module.name} of {built:%Y-%m-%d %H:%M} UTC", options.clients))
    print("\n".join(report.tables(results, phases.PHASES, complaints, LIBRARIES, options.markdown)))
    if options.json:
        options.json.write_text(json.dumps({"date": date, "httpd": httpd, "results": [each.as_json() for each in results]},
                                           indent=1))
    failed = [f"{result.library}, {result.phase}: {complaint}"
              for result, complaint in zip(results, complaints) if complaint]
    if failed:
        sys.exit("\nFAILED\n" + "\n".join(failed))


if __name__ == "__main__":
    main()
