"""What is often forgotten, and what the client is answered then."""

import re
from dataclasses import dataclass, field

HANDSHAKE = "handshake"
CLIENT = "client"  # the client of the recipe, which then complains


@dataclass
class Mistake:
    """The configuration of a sub-path with something wrong in it, and a request that fails for it."""
    what: str  # as the page says it
    cure: str
    status: int
    says: str  # a part of the answer's text, or of the log of the application
    path: str  # below the application's root
    who: str = ""  # the application, if nothing is said here
    drop: str = ""  # a pattern that is taken out of the recipe
    add: str = ""  # lines that are added to it
    fields: dict = field(default_factory=dict)  # of the request; None leaves one out
    method: str = HANDSHAKE
    first: object = None  # a function of a Visitor and the root: what is done before, and its value, which is in the path
    log_in: str = ""  # a page below the application's root whose cookies are sent along
    settings: dict = field(default_factory=dict)  # of the application: attributes of App

    def spoil(self, conf):
        if self.drop:
            spoilt = re.sub(self.drop, "", conf)
            assert spoilt != conf, f"the recipe has no {self.drop}"
            conf = spoilt
        return conf + self.add

    def verdict(self, status, text, reason):
        """What is wrong with an answer and the REASON that the access log has for it, "" if nothing is."""
        if status != self.status or self.says not in text:
            return f"{status}, {text[:300]!r}, not {self.status}, {self.says!r}"
        if self.method == HANDSHAKE and status != 101:
            right = {"": reason == "origin-status", "mod_wsflow": reason not in ("-", "origin-status")}
            if not right.get(self.who, True):
                return f"the access log says that {reason!r} is why"
        return ""

    def row(self, title, status, reason):
        return {"title": title, "reason": reason, "what": self.what, "cure": self.cure, "status": status, "who": self.who or "the application",
                "request": "WebSocket" if self.method in (HANDSHAKE, CLIENT) else self.method, "says": self.says}
