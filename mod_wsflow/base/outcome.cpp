#include "mod_wsflow/base/outcome.hpp"

namespace wsflow::base {

const char* name(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::closed: return "closed";
    case Outcome::client_eof: return "client-eof";
    case Outcome::origin_eof: return "origin-eof";
    case Outcome::client_reset: return "client-reset";
    case Outcome::origin_reset: return "origin-reset";
    case Outcome::close_timeout: return "close-timeout";
    case Outcome::server_stop: return "server-stop";
    case Outcome::server_restart: return "server-restart";
    case Outcome::drained: return "drained";
    case Outcome::ordered: return "ordered";
    case Outcome::idle_timeout: return "idle-timeout";
    case Outcome::ping_timeout: return "ping-timeout";
    case Outcome::stalled: return "stalled";
    case Outcome::lifetime: return "lifetime";
    case Outcome::too_big: return "too-big";
    case Outcome::too_fast: return "too-fast";
    case Outcome::not_websocket: return "not-websocket";
    case Outcome::process_lost: return "process-lost";
  }
  return "unknown";
}

const char* name(HandshakeRefusal refusal) noexcept {
  switch (refusal) {
    case HandshakeRefusal::bad_method: return "bad-method";
    case HandshakeRefusal::bad_http_version: return "bad-http-version";
    case HandshakeRefusal::bad_connection: return "bad-connection";
    case HandshakeRefusal::bad_key: return "bad-key";
    case HandshakeRefusal::bad_version: return "bad-version";
    case HandshakeRefusal::has_body: return "has-body";
    case HandshakeRefusal::origin_not_allowed: return "origin-not-allowed";
    case HandshakeRefusal::protocol_not_allowed: return "protocol-not-allowed";
    case HandshakeRefusal::expired: return "expired";
    case HandshakeRefusal::client_gone: return "client-gone";
    case HandshakeRefusal::route_drained: return "route-drained";
    case HandshakeRefusal::limit: return "limit";
    case HandshakeRefusal::max_tunnels: return "max-tunnels";
    case HandshakeRefusal::max_handshakes: return "max-handshakes";
    case HandshakeRefusal::worker_share: return "worker-share";
    case HandshakeRefusal::no_source_port: return "no-source-port";
    case HandshakeRefusal::origin_unavailable: return "origin-unavailable";
    case HandshakeRefusal::origin_connect: return "origin-connect";
    case HandshakeRefusal::origin_closed: return "origin-closed";
    case HandshakeRefusal::origin_reset: return "origin-reset";
    case HandshakeRefusal::origin_garbage: return "origin-garbage";
    case HandshakeRefusal::origin_bad_answer: return "origin-bad-answer";
    case HandshakeRefusal::origin_timeout: return "origin-timeout";
    case HandshakeRefusal::origin_status: return "origin-status";
    case HandshakeRefusal::internal: return "internal";
  }
  return "unknown";
}

}  // namespace wsflow::base
