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

const char* name(Refusal refusal) noexcept {
  switch (refusal) {
    case Refusal::bad_method: return "bad-method";
    case Refusal::bad_http_version: return "bad-http-version";
    case Refusal::bad_connection: return "bad-connection";
    case Refusal::bad_key: return "bad-key";
    case Refusal::bad_version: return "bad-version";
    case Refusal::has_body: return "has-body";
    case Refusal::origin_not_allowed: return "origin-not-allowed";
    case Refusal::protocol_not_allowed: return "protocol-not-allowed";
    case Refusal::expired: return "expired";
    case Refusal::client_gone: return "client-gone";
    case Refusal::route_drained: return "route-drained";
    case Refusal::limit: return "limit";
    case Refusal::max_tunnels: return "max-tunnels";
    case Refusal::worker_share: return "worker-share";
    case Refusal::no_source_port: return "no-source-port";
    case Refusal::origin_unavailable: return "origin-unavailable";
    case Refusal::origin_connect: return "origin-connect";
    case Refusal::origin_closed: return "origin-closed";
    case Refusal::origin_reset: return "origin-reset";
    case Refusal::origin_garbage: return "origin-garbage";
    case Refusal::origin_bad_answer: return "origin-bad-answer";
    case Refusal::origin_timeout: return "origin-timeout";
    case Refusal::origin_status: return "origin-status";
    case Refusal::internal: return "internal";
  }
  return "unknown";
}

}  // namespace wsflow::base
