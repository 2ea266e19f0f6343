#pragma once

#include <cstdint>
#include <optional>

#include "mod_wsflow/base/outcome.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/limits/limit_definition.hpp"

namespace wsflow::httpd {

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

}  // namespace wsflow::httpd
