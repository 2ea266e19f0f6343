#!/usr/bin/python3
"""Runs the recipes of docs/recipes.md: each application as its package has it, behind a private httpd with the very lines
that the page shows, spoken to in its own protocol.

No test of the suite, and not part of CI. As root, after `cmake --build --preset release`; node (20 or newer), npm and
chromium must be there:

    t/recipes/run.py --install                  # packages of Debian that are missing, then all recipes: a quarter of an hour
    t/recipes/run.py mosquitto jupyter          # some of them
    t/recipes/run.py --write-docs               # what was found becomes the tables of docs/recipes.md

Of each recipe both configurations are tried, on a sub-path and on a virtual host of its own, over TLS; that of a sub-path
without TLS, too. Tried is

    function  the page and what it consists of; a client connects and exchanges something with the application
    workers   the status has the tunnels, and httpd has no busy worker
    reload    the client exchanges all the time while httpd is reloaded: each exchange is answered, on the same connection
    mistakes  what is often forgotten is left out: what is the answer, and who gave it
    restart   the application is stopped (SIGTERM): its client is told, a handshake is refused; it is started again: its
              client is back by itself, or can connect again
    page      in Chromium, where a page opens the socket: the same reload, the same restart

The run has namespaces of its own for the network, files and processes: the usual ports, names in /etc/hosts, and the end of
all that was started. Packages of npm are pinned in package-lock.json and come into build/recipes. Those of Debian are
installed into this machine; their services are not started, but systemd will start them with the machine: have a container
for them. It ends with 1 if a recipe failed or could not be tried.
"""
import argparse
import datetime
import importlib.util
import json
import os
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "httpd" / "support"))
sys.dont_write_bytecode = True

import packages  # noqa: E402
import place  # noqa: E402
import results  # noqa: E402
import server  # noqa: E402
from tls import Certificates  # noqa: E402
from trial import Trial  # noqa: E402


def recipes():
    """The class App of each recipe, by the name of its folder."""
    found = {}
    for file in sorted(HERE.glob("*/recipe.py")):
        name = file.parent.name
        spec = importlib.util.spec_from_file_location(f"recipe_{name}", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found[name] = module.App
    return found


def one(certs, name, app, folder, options):
    """What was found of one recipe, in both places."""
    row = {"title": app.title, "versions": packages.versions(app), "reconnects": app.reconnects}
    places = [*options.place, "login"] if (HERE / name / "login.conf").exists() else options.place
    for where in places if options.what != "mistakes" else ():
        application = app(name, folder / f"{name}-{where}", where)
        trial = Trial(certs, application)
        try:
            with trial:
                trial.run()
        except (AssertionError, OSError, RuntimeError) as error:
            row["failure"] = f"{where}: {str(error)[:1000]}"
            print(f"{name}, {where}: {trial.told}\n{application.said()}", file=sys.stderr)
        row[where] = trial.told
    return row


def mistakes(certs, name, app, folder):
    """What each mistake of a recipe led to, and the complaints about those that led to something else."""
    rows, complaints = [], []
    for number, mistake in enumerate(app.mistakes):
        application = app(name, folder / f"{name}-mistake-{number}", "subpath")
        for attribute, value in mistake.settings.items():
            setattr(application, attribute, value)
        try:
            with Trial(certs, application, mistake) as trial:
                status, text, reason = trial.suffer()
                wrong = mistake.verdict(status, text + application.said(), reason)
            if wrong:
                complaints.append(f"{mistake.what}: {wrong}; {application.said()[-1000:]}")
            rows.append(mistake.row(app.title, status, reason))
        except (AssertionError, OSError, RuntimeError) as error:
            complaints.append(f"{mistake.what}: {str(error)[:1000]}")
    return rows, complaints


def arguments(known):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--install", action="store_true", help="packages of Debian that are missing")
    parser.add_argument("--place", choices=results.PLACES, action="append", help="one of the two configurations alone")
    parser.add_argument("--only", dest="what", choices=("recipes", "mistakes"), help="one half of what is tried")
    parser.add_argument("--module", type=pathlib.Path, default=TREE / "build/release/mod_wsflow.so")
    parser.add_argument("--json", type=pathlib.Path, help="what was found, into this file")
    parser.add_argument("--write-docs", action="store_true", help="what went well, into results.json and docs/recipes.md")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error(f"no recipe {', '.join(unknown)}; there are {', '.join(known)}")
    if options.write_docs and (options.place or options.what):
        parser.error("the page has all that is tried: --write-docs goes without --place and --only")
    if not options.module.exists():
        parser.error(f"{options.module} is not there: build it, or name another one with --module")
    options.names = options.names or list(known)
    options.place = options.place or results.PLACES
    return options


def prepare(known, options):
    """What needs the network of the machine."""
    needed = dict.fromkeys(package for name in options.names for package in known[name].packages)
    if any(known[name].browser_page is not None for name in options.names):
        needed["chromium"] = None
    missing = packages.missing(needed)
    if missing and not options.install:
        sys.exit(f"these packages are missing (--install installs them, and starts no service): {' '.join(missing)}")
    packages.install_debian(missing)
    packages.install_npm()


def main():
    known = recipes()
    options = arguments(known)
    prepare(known, options)
    place.enter()
    os.environ["WSFLOW_MODULE"] = str(options.module.resolve())
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    httpd = ".".join(map(str, server.version()))
    found = {}
    with tempfile.TemporaryDirectory(prefix="wsflow-recipes-") as temporary:
        folder = pathlib.Path(temporary)
        folder.chmod(0o755)
        certs = Certificates(folder / "tls", names=[place.HOST, "localhost", *map(place.own_host, known)])
        # A build that goes on meanwhile would be loaded by the next reload.
        os.environ["WSFLOW_MODULE"] = str(shutil.copy(options.module, folder))
        place.furnish(folder, certs, known)
        for name in options.names:
            found[name] = one(certs, name, known[name], folder, options)
            complaints = []
            if options.what != "recipes":
                found[name]["mistakes"], complaints = mistakes(certs, name, known[name], folder)
            if complaints:
                found[name]["failure"] = "; ".join(filter(None, [found[name].get("failure"), *complaints]))
            print(f"{name}: {found[name].get('failure') or 'as it should be'}", flush=True)
    if options.json:
        options.json.write_text(json.dumps({"date": date, "httpd": httpd, "recipes": found}, indent=1, ensure_ascii=False))
    failed = [name for name, row in found.items() if "failure" in row]
    well = {name: row for name, row in found.items() if name not in failed}
    if len(options.place) == len(results.PLACES) and not options.what:
        print(*(table(well) for table in results.TABLES.values()), sep="\n\n")
    if options.write_docs:
        results.save(well, httpd, date)
        results.write_page()
    if failed:
        sys.exit(f"FAILED: {', '.join(failed)}")


if __name__ == "__main__":
    main()
