#pragma once

#include <cstdint>
#include <optional>

#include "mod_wsflow/base/outcome.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/limits/limit_definition.hpp"

namespace wsflow::httpd {

// The name of an origin in logs, status and actions.
struct OriginName {
  const char* text = nullptr;  // in the pool of the request
  bool of_request = false;     // the name depends on the request: there may be any number of names
};

struct Demands;
struct LimitHold;
struct MemberWork;
struct SentFields;

// Our state of a request, in the request's pool. Only the thread that has the request touches it.
struct RequestState {
  const Route* route = nullptr;  // the WSFlowPass of the request; nullptr: none
  // Route and path of the last subrequest that matched a WSFlowPass: mod_dir may make them the request's.
  const Route* looked_up = nullptr;
  const char* looked_up_path = nullptr;
  // The refusal of the last attempt: mod_proxy may try another member of a balancer.
  std::optional<base::HandshakeRefusal> refusal;
  char* balancer_url = nullptr;      // "balancer://…" of a handshake; nullptr: its origin is no member
  int attempts = 0;                  // origins that were tried for its tunnel
  OriginName origin{};               // of the last of them; no text: none was
  LimitHold* hold = nullptr;         // nullptr: the limits were not judged yet, or there are none
  const Demands* demands = nullptr;  // the demands of a request that waits; nullptr: it does not wait
  limits::Micros waits_since = 0;    // with `demands`
  SentFields* fields = nullptr;      // nullptr: nothing judges by fields
  MemberWork* work = nullptr;        // nullptr: it counts as load of no balancer member
};
// The state of a request; the first call makes it.
RequestState& state_of(request_rec* r) noexcept;

// True if the module takes the upgrades of this request's route: WSFlowPass, or WSFlow On.
bool takes_upgrades(request_rec* r) noexcept;

// The configuration of a tunnel of this request: every setting is given.
TunnelConfig tunnel_config_of(request_rec* r) noexcept;

}  // namespace wsflow::httpd
