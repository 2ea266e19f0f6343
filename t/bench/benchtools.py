"""The load tools of this folder: how they are built, started and spoken to."""
import json
import os
import resource
import subprocess
import sys

SOURCE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(SOURCE))
TOOLS = os.path.join(TREE, "build/bench")
MODULE = os.path.join(TREE, "build/release/mod_wsflow.so")
LOAD = os.environ.get("WSFLOW_LOAD") or os.path.join(TREE, "build/release/wsflow-load")  # built with the module
SUPPORT = os.path.join(TREE, "t/httpd/support")  # of the behaviour tests: a private httpd


def build_tools(directory=TOOLS):
    for command in (["cmake", "-S", SOURCE, "-B", directory], ["cmake", "--build", directory, "--target", "bench"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stdout + done.stderr)


def use_all_descriptors():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Origin:
    """A wsorigin; `ports` are those of ws and of wss."""

    def __init__(self, tools, certificate):
        self.process = subprocess.Popen([os.path.join(tools, "wsorigin"), "--cert", certificate["cert"], "--key",
                                         certificate["key"]], stdout=subprocess.PIPE, text=True)
        self.ports = self.process.stdout.readline().split()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Tool:
    """A load tool that stands ready; what it says and takes is one line each."""

    def start(self, command):
        self.tool = os.path.basename(command[0])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.tool} ended with {self.process.wait()}")
        return json.loads(line)

    def tell(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self.answer()

    def finish(self):
        self.process.stdin.close()
        self.process.wait(60)


def words_of(options):
    return [word for key, value in options.items() for word in (f"--{key}", str(value))]


class Load(Tool):
    """A wsflow-load under --control, in one of five modes. URL is on loopback."""

    def __init__(self, mode, url, options):
        self.mode, self.seconds = mode, options.get("seconds", 3)
        if not os.path.exists(LOAD):
            sys.exit(f"{LOAD} is not there: cmake --build --preset release --target wsflow-load")
        words = {"connections": options["connections"], "rate": 0, "duration": f"{1000 * self.seconds:.0f}ms",
                 "size": options.get("size", 125), "from": f"127.0.0.1-127.0.0.{options.get('sources', 16)}",
                 **self.of_mode(mode, options)}
        insecure = ["--insecure"] if url.startswith("wss:") else []
        self.start([LOAD, "--control", "--binary", *insecure, *words_of(words), url])

    @staticmethod
    def of_mode(mode, options):
        """echo: `inflight` messages under way in each connection. paced: `rate` messages a second, evenly over all. churn:
        connect, handshake, echo, close, again and again. idle: nothing by itself. drink: what the origin sends."""
        if mode == "echo":
            return {"in-flight": options.get("inflight", 1)}
        if mode == "paced":
            return {"every": f"{1000 * options['connections'] / options['rate']:.0f}ms"}
        if mode == "churn":
            return {"lifetime": 0}
        return {"every": 0, **({"first": f"source {options.get('size', 125)}"} if mode == "drink" else {})}

    def answer(self):
        """What the rows of the benchmarks need of the result."""
        said = super().answer()
        messages, times = said["messages"], said["messages"]["seconds"]
        # The time of the run; the answers that came behind it are some microseconds of work.
        return {"ready": said["sockets"]["open"], "failed": said["failed"],
                "messages": messages["received"] if self.mode == "drink" else messages["answered"],
                "echoed": messages["answered"], "seconds": min(said["seconds"], self.seconds),
                "opened_in": said["seconds"], "p50_us": 1e6 * times["median"], "p99_us": 1e6 * times["p99"],
                "worst_us": 1e6 * times["max"]}
