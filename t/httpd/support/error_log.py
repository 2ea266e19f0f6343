"""The error log as an oracle: a line that nobody declared fails the test."""

import re

from wait import wait_until

_LEVEL = re.compile(r"\[(?P<module>[\w-]*):(?P<level>\w+)\]")
_OURS = {"warn", "error", "crit", "alert", "emerg"}
_ANY = {"error", "crit", "alert", "emerg"}
# httpd's own remarks on starting and stopping with few threads, and on a machine whose OpenSSL is older than the one that
# mod_ssl was built with: no news about the module. Neither is that an origin has refused a handshake (WSF0073): it is
# the test's own, and those that look for the line expect it.
REMARKS = re.compile(r"AH10159|AH00484|AH0028[67]|AH0309[23]|AH01882|WSF0073")
# What the race that mark_stop() tells of leaves in the log: a crash, or a socket found closed by a worker or by the main
# thread.
_STOPPING = re.compile(r"Segmentation fault|AddressSanitizer:DEADLYSIGNAL|"
                       r"\[mpm_event:\w+\].*Bad file descriptor: AH(00468|00473|03465|10503)")
_RESUMED = re.compile("AH00(489|163|292): .*resuming normal operations")
_ALWAYS = re.compile(r"exit signal|AH00052|AddressSanitizer|ThreadSanitizer|runtime error:")


def is_complaint(line):
    """True for a warning of ours and for anybody's error or crash."""
    if REMARKS.search(line):
        return False
    found = _LEVEL.search(line)
    if found and found["level"] in (_OURS if found["module"] == "wsflow" else _ANY):
        return True
    return bool(_ALWAYS.search(line))


def is_warning_of_others(line):
    """True for what another module warns of."""
    found = _LEVEL.search(line)
    return bool(found and found["level"] == "warn" and found["module"] != "wsflow" and not REMARKS.search(line))


class ErrorLog:
    def __init__(self, path):
        self.path = path
        self._allowed = []
        self._expected = []
        self._stops = []

    def text(self):
        return self.path.read_text(errors="replace") if self.path.exists() else ""

    def lines(self, pattern=""):
        wanted = re.compile(pattern)
        return [line for line in self.text().splitlines() if wanted.search(line)]

    def starts(self):
        """How often httpd has said that it has started, or read its configuration again."""
        return len(self.lines(_RESUMED.pattern))

    def wait_for(self, pattern, count=1, timeout=10):
        """The lines that match PATTERN, once there are COUNT of them."""
        return wait_until(
            lambda: found if len(found := self.lines(pattern)) >= count else None,
            f"the error log has {count} x /{pattern}/:\n{self.text()[-3000:]}", timeout)

    def allow(self, *patterns):
        """Complaints that may appear; a pattern is an id (AH01114, WSF0001) or any regex."""
        self._allowed += [re.compile(p) for p in patterns]

    def expect(self, *patterns):
        """Complaints that must appear before the test ends."""
        self._expected += [re.compile(p) for p in patterns]

    def mark_stop(self):
        """httpd's children are about to be stopped. They crash now and then while they are, without any module of
        ours too: mpm_event's main thread closes the sockets of workers that are just closing them. So these
        crashes, until httpd goes on with others, are left to the sanitizers' stacks (sanitizers.py)."""
        self._stops.append(len(self.lines()))

    def verdict(self):
        """What is wrong with the log, as a list of texts."""
        complaints, stopping = [], False
        for number, line in enumerate(self.lines()):
            stopping = (stopping or number in self._stops) and not _RESUMED.search(line)
            if is_complaint(line) and not (stopping and _STOPPING.search(line)):
                complaints.append(line)
        known = self._allowed + self._expected
        wrong = [f"undeclared: {line}" for line in complaints if not any(p.search(line) for p in known)]
        wrong += [f"missing: /{p.pattern}/" for p in self._expected if not self.lines(p.pattern)]
        return wrong[:20]
