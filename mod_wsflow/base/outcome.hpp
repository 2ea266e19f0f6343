#pragma once

#include <cstddef>
#include <cstdint>

namespace wsflow::base {

// How a tunnel ended. One closed set for log, metrics and status.
enum class Outcome : std::uint8_t {
  closed,          // with a Close frame, or both
  client_eof,      // the client ended its stream without a Close frame
  origin_eof,      // the origin ended its stream without a Close frame
  client_reset,    // the client's connection broke (reset, unreachable, TLS error)
  origin_reset,    // the origin's connection broke
  close_timeout,   // one side had ended, the other did not follow within `close`
  server_stop,     // httpd stopped: a Close frame to both sides
  server_restart,  // httpd restarts, not gracefully: the same
  drained,         // WSFlowDrain's deadline had passed: its Close code to both sides
  ordered,         // an operator's command: a Close frame to both sides
  idle_timeout,    // no frame of the peers in either direction for `idle`
  ping_timeout,    // a peer did not answer a ping and said nothing else
  stalled,   // bytes waited for a peer that took none for `stall`, or the kernel heard nothing of it for so
             // long
  lifetime,  // it had lived as long as it may
  too_big,   // a frame or message beyond WSFlowMessageLimit
  too_fast,  // more messages or bytes a second than it allows, with action=close
  not_websocket,  // what breaks RFC 6455, where that is not let pass
  process_lost,   // the process that held it died without a word
};
inline constexpr std::size_t kOutcomes = static_cast<std::size_t>(Outcome::process_lost) + 1;

// Why a handshake got no tunnel. One closed set for log, metrics, status and WSFLOW_REFUSED_BY.
enum class HandshakeRefusal : std::uint8_t {
  bad_method,
  bad_http_version,
  bad_connection,
  bad_key,
  bad_version,
  has_body,
  origin_not_allowed,    // WSFlowOrigin
  protocol_not_allowed,  // WSFlowProtocol
  expired,               // WSFlowTimeout until= has passed
  client_gone,           // the client left before its answer
  route_drained,         // an operator has drained its route
  limit,                 // WSFlowLimit
  max_tunnels,           // WSFlowMaxTunnels
  max_handshakes,        // WSFlowMaxHandshakes
  worker_share,          // tunnels hold their share of the worker threads
  no_source_port,        // every local port to the origin is in use
  origin_unavailable,    // mod_proxy has no usable member, or no free connection (max=)
  origin_connect,        // refused, unreachable, TLS handshake failed
  origin_closed,         // closed before or in the middle of its answer
  origin_reset,          // reset in the middle of its answer
  origin_garbage,        // an answer that is no HTTP/1.x response
  origin_bad_answer,     // a 101 that RFC 6455 4.1 tells to refuse
  origin_timeout,        // no answer within `handshake`
  origin_status,         // an HTTP answer other than 101, passed to the client
  internal,              // out of descriptors or memory
};
inline constexpr std::size_t kHandshakeRefusals = static_cast<std::size_t>(HandshakeRefusal::internal) + 1;

// True if the origin that was asked is the reason; its own answer (origin_status) is one.
constexpr bool is_of_origin(HandshakeRefusal refusal) noexcept {
  return refusal >= HandshakeRefusal::origin_unavailable && refusal <= HandshakeRefusal::origin_status;
}
// True if the origin failed: it gave no answer that counts.
constexpr bool is_failure_of_origin(HandshakeRefusal refusal) noexcept {
  return is_of_origin(refusal) && refusal != HandshakeRefusal::origin_status;
}

const char* name(Outcome outcome) noexcept;
const char* name(HandshakeRefusal refusal) noexcept;

}  // namespace wsflow::base
