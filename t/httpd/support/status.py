"""Reads /wsflow-status; the one place that knows the names in it."""

import json
import urllib.parse

from wait import wait_until


class Status:
    def __init__(self, httpd):
        self._httpd = httpd

    def json(self, page=""):
        """PAGE chooses connections: "&from=N&count=N"."""
        answer = self._httpd.get("/wsflow-status?json" + page)
        assert answer.status == 200, answer
        return json.loads(answer.body)

    def auto(self):
        """The `Key: value` lines as a dict of texts."""
        answer = self._httpd.get("/wsflow-status?auto")
        assert answer.status == 200, answer
        return dict(line.split(": ", 1) for line in answer.text.splitlines() if ": " in line)

    def act(self, headers=(), **fields):
        """The answer to a POST of FIELDS, with the right nonce unless they have one."""
        fields = {"nonce": self.json("&count=0")["nonce"], "action": "limit", **fields}
        return self._httpd.request("POST", "/wsflow-status", body=urllib.parse.urlencode(fields), headers={
            "Content-Type": "application/x-www-form-urlencoded", **dict(headers)})

    def active(self):
        return self.json()["tunnels"]["active"]

    def total(self):
        return self.json()["tunnels"]["total"]

    def wait_active(self, count, timeout=20):
        wait_until(lambda: self.active() == count, f"{count} tunnels are active", timeout)

    def connections(self, page=""):
        """The live tunnels of that page, by id."""
        told = self.json(page)["connections"]
        by_id = {connection["id"]: connection for connection in told}
        assert len(by_id) == len(told)
        return by_id

    def refused(self):
        """Refused handshakes by reason; reasons that never occurred are left out."""
        return {reason: count for reason, count in self.json()["tunnels"]["refused_by"].items() if count}

    def ended(self):
        """Ended tunnels by outcome, without the zeros."""
        return {outcome: count for outcome, count in self.json()["tunnels"]["ended"].items() if count}
