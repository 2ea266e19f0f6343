#!/usr/bin/python3
"""The recipes of docs/load-testing.md, run: each tool against a private httpd, its counts compared with the module's.

Needs npm (Artillery 2 and wscat go into build/load, some 300 packages), python3-locust, python3-websocket and apache2-utils of
Debian 12, and the built module. A tool that is missing is said and skipped. Ends with 1 if one behaves otherwise than the page says.
    t/load/run.py
    t/load/run.py --only wsflow-load,artillery
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parents[1]
TOOLS = TREE / "build/load"
PACKAGES = ("artillery@2.0.34", "wscat@6.1.0")
LIMIT = 5

os.environ.setdefault("WSFLOW_MODULE", str(TREE / "build/release/mod_wsflow.so"))
os.environ.setdefault("WSFLOW_LOAD", str(TREE / "build/release/wsflow-load"))
sys.path.insert(0, str(TREE / "t/httpd/support"))
sys.dont_write_bytecode = True

import load_program  # noqa: E402
from server import Httpd  # noqa: E402
from tls import Certificates  # noqa: E402


class Unlike(Exception):
    """A tool that does not do what the page says."""


def must(true, *what):
    if not true:
        raise Unlike(" ".join(map(str, what)))


def command(*words, timeout=120, **options):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=timeout, check=False, **options)
    return done.returncode, done.stdout


def npm_tool(name):
    """The path of an npm package's program, which is installed at first."""
    path = TOOLS / "node_modules/.bin" / name
    if not path.exists():
        TOOLS.mkdir(parents=True, exist_ok=True)
        # Artillery brings Playwright, whose own script loads a browser of 150 MB.
        status, said = command("npm", "install", "--no-audit", "--no-fund", "--prefix", str(TOOLS), *PACKAGES, timeout=900,
                               env={**os.environ, "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"})
        must(status == 0, "npm install:", said[-500:])
    return str(path)


def wsflow_load(site, origin):
    """The pace is kept through a pause of the origin, which a closed loop hides."""
    told = {}
    for name, words in (("pace", ["--every=20ms"]), ("closed loop", ["--in-flight=1"])):
        process = subprocess.Popen([load_program.PROGRAM, "--quiet", "--connections=20", "--rate=0", "--duration=6s", "--json=-", *words,
                                    site.url("ws", "/echo")], stdout=subprocess.PIPE, text=True)
        time.sleep(2)
        origin.stand_still()
        time.sleep(1)
        origin.go_on()
        out, _ = process.communicate(timeout=60)
        must(process.returncode == 0, out)
        told[name] = json.loads(out)["messages"]["seconds"]
        print(f"  {name}, 1 s of pause: " + ", ".join(f"{key} {1000 * told[name][key]:.1f} ms" for key in
                                                    ("median", "p95", "p99", "max")))
    must(told["pace"]["p99"] > 0.7 and told["closed loop"]["p99"] < 0.5, told)
    status, out = command(load_program.PROGRAM, "--quiet", "--connections=20", "--rate=0", "--duration=0", site.url("ws", "/few"))
    must(status == 1 and "15 x refused: 503 limit:few" in out, out)


def artillery(site, _):
    program = npm_tool("artillery")
    environment = {**os.environ, "ARTILLERY_DISABLE_TELEMETRY": "true"}
    before = site.status.total()
    status, out = command(program, "run", "--target", site.url("ws", "/echo"), "--overrides",
                          '{"config": {"phases": [{"duration": 5, "arrivalRate": 20}]}}', str(HERE / "artillery.yml"),
                          env=environment)
    summary = out[out.rindex("Summary report"):]
    counts = dict(re.findall(r"(?m)^(vusers\.completed|vusers\.failed|websocket\.messages_sent): \.+ (\d+)", summary))
    print(f"  {counts}")
    must(status == 0 and counts == {"vusers.completed": "100", "vusers.failed": "0", "websocket.messages_sent": "200"}, summary)
    must(site.status.total() - before == 100, "the module has counted", site.status.total() - before)
    must(not re.search("latency|response_time", summary), summary)
    # Refusals are errors with the status in their name.
    _, out = command(program, "run", "--target", site.url("ws", "/few"), "--overrides",
                     '{"config": {"phases": [{"duration": 1, "arrivalRate": 20}]}}', str(HERE / "artillery.yml"), env=environment)
    refused = re.findall(r"(?m)^errors\.(.*?): \.+ (\d+)", out[out.rindex("Summary report"):])
    print(f"  refused: {refused}")
    must([name for name, _ in refused] == ["Unexpected server response: 503"], out[-1500:])


def locust(site, origin):
    must(pathlib.Path("/usr/bin/locust").exists(), "apt-get install python3-locust python3-websocket")
    before = site.status.total()

    def pause_it():
        site.status.wait_active(50)
        time.sleep(1.5)
        origin.stand_still()
        time.sleep(1)
        origin.go_on()

    pause = threading.Thread(target=pause_it)
    pause.start()
    with tempfile.TemporaryDirectory() as folder:
        status, out = command("/usr/bin/locust", "-f", str(HERE / "locustfile.py"), "--headless", "-u", "50", "-r", "50", "-t",
                              "8s", "--host", site.url("ws", "/echo"), "--csv", f"{folder}/x", "--only-summary")
        lines = pathlib.Path(f"{folder}/x_stats.csv").read_text().splitlines()
    pause.join()
    keys = lines[0].split(",")
    rows = {line.split(",")[1]: dict(zip(keys, line.split(","))) for line in lines[1:]}
    print("  " + ", ".join(f"{key} {rows['echo'][key]}" for key in ("Request Count", "Failure Count", "50%", "95%", "99%", "100%")))
    must(status == 0 and rows["echo"]["Failure Count"] == "0" and site.status.total() - before == 50, out[-1500:])
    must(float(rows["echo"]["99%"]) > 400, "a pause does not show:", rows["echo"])
    status, out = command("/usr/bin/locust", "-f", str(HERE / "locustfile.py"), "--headless", "-u", "20", "-r", "20", "-t", "3s",
                          "--host", site.url("ws", "/few"), "--only-summary")
    must(status == 1 and "503" in out, out[-1500:])
    print("  refused: " + next(line.strip() for line in out.splitlines() if "503" in line)[:110])


def wscat(site, _):
    # It ends with its input.
    process = subprocess.Popen([npm_tool("wscat"), "--connect", site.url("ws", "/echo"), "--execute", "hello", "--wait", "1"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    status = process.wait(30)
    out = process.stdout.read()
    must(status == 0 and "hello" in out, status, repr(out))
    print(f"  {out.strip()!r}")


def ab(site, _):
    status, out = command("ab", "-n", "1", "-c", "1", site.url("ws", "/echo"))
    must(status != 0 and "apr_sockaddr_info_get() for ws:" in out, out)
    print(f"  {out.splitlines()[-1]}")


RECIPES = {"wsflow-load": wsflow_load, "artillery": artillery, "locust": locust, "wscat": wscat, "ab": ab}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(RECIPES), help="comma-separated: %(default)s")
    wanted = parser.parse_args().only.split(",")
    if unknown := set(wanted) - set(RECIPES):
        sys.exit(f"no such recipe: {', '.join(sorted(unknown))}; there is {', '.join(RECIPES)}")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="wsflow-load-") as folder:
        os.chmod(folder, 0o755)
        origin = load_program.EchoProcess()
        route = "\n".join(f'WSFlowPass {path} "{origin.url("/")}"' for path in ("/echo", "/few"))
        site = Httpd(Certificates(pathlib.Path(folder) / "tls"), f'{route}\n<Location "/few">\nWSFlowLimit few '
                     f"concurrency={LIMIT}\n</Location>").start()
        try:
            for name in wanted:
                print(name, flush=True)
                try:
                    RECIPES[name](site, origin)
                except Unlike as unlike:
                    failed += 1
                    print(f"  NOT AS THE PAGE SAYS: {unlike}")
        finally:
            site.stop()
            site.remove()
            origin.close()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
