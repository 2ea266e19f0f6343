"""The libraries that are driven, and what is known of them."""

from dataclasses import dataclass

# Its first try comes 1.3 s after the Close at the earliest: "origin" and "restart" are over by then.
REFUSED = "a handshake that is refused ends its subscription for good"


@dataclass(frozen=True)
class Library:
    package: str
    advice: str = ""  # what --advised sets; nothing: the defaults come back from everything
    away: tuple = ()  # phases after which it stays away with its defaults
    why: str = ""


LIBRARIES = {
    "socket.io-client": Library("socket.io-client"),
    "graphql-ws": Library("graphql-ws", "retryAttempts, shouldRetry", ("outage", "stop"), REFUSED),
    "phoenix": Library("phoenix"),
    "mqtt": Library("mqtt"),
    "stompjs": Library("@stomp/stompjs"),
    "centrifuge": Library("centrifuge"),
    "signalr": Library("@microsoft/signalr", "a retry policy without an end"),
    "y-websocket": Library("y-websocket"),
    "reconnecting-websocket": Library("reconnecting-websocket"),
    "trpc": Library("@trpc/client"),
    "partysocket": Library("partysocket"),
    "nats.ws": Library("nats.ws", "maxReconnectAttempts, waitOnFirstConnect"),
}
