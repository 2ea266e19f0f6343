#pragma once

#include <cstdint>
#include <optional>

#include "mod_wsflow/base/outcome.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/limits/limit_definition.hpp"

namespace wsflow::httpd {

// Why this request gets no tunnel: what the client is told, what is counted.
struct Failure {
  int status = OK;  // the HTTP status; OK: no failure
  base::HandshakeRefusal reason = base::HandshakeRefusal::internal;
  explicit operator bool() const noexcept { return status != OK; }
};

struct Demands;
struct LimitHold;
struct SentFields;

// What we know of a request, in its pool. Only the thread that has the request touches it.
struct RequestState {
  const Route* route = nullptr;  // the WSFlowPass that it matched
  // The one of its last subrequest that matched any, and the path of that: mod_dir may make it the request's.
  const Route* looked_up = nullptr;
  const char* looked_up_path = nullptr;
  std::optional<base::HandshakeRefusal>
      refusal;                       // of the last attempt: mod_proxy may try another member of a balancer
  LimitHold* hold = nullptr;         // none: its limits were not judged yet, or there are none
  const Demands* demands = nullptr;  // what it waits for
  limits::Micros waits_since = 0;    // with `demands`
  SentFields* fields = nullptr;      // none: nothing judges by them
};
// The state of a request; made when it is not there yet.
RequestState& state_of(request_rec* r) noexcept;

// Whether the upgrades of this request's route are ours: WSFlowPass, or WSFlow On.
bool takes_upgrades(request_rec* r) noexcept;

// What the configuration says of a tunnel of this request: every setting is given.
TunnelConfig tunnel_config_of(request_rec* r) noexcept;

// Notes a refusal and leaves WSFLOW_REFUSED_BY and WSFLOW_OUTCOME for logs and expressions. Returns the
// status.
int refuse(request_rec* r, const Failure& failure) noexcept;

// Counts a handshake that gets no tunnel, in all and of its route.
void count_refusal(request_rec* r, base::HandshakeRefusal reason) noexcept;

// Leaves WSFLOW_ID and WSFLOW_OUTCOME=tunnel, and takes back the refusal of an earlier attempt.
void note_tunnel(request_rec* r, std::uint64_t id) noexcept;

// Tells mod_proxy that a failure is not the origin's: no other member is tried, and none is marked in error.
void blame_no_origin(request_rec* r) noexcept;

// Hook of mod_proxy, behind the last attempt: counts the refusal, and makes a bad gateway (502) of an origin
// that could not be reached (503, which mod_proxy needs to try the next member).
int finish_request(int* status, request_rec* r) noexcept;

// Adds a sentence to the page that httpd makes for an error.
void explain(request_rec* r, const char* sentence) noexcept;

}  // namespace wsflow::httpd
