#pragma once

#include <array>
#include <optional>

#include "mod_wsflow/httpd/config/limit_config.hpp"
#include "mod_wsflow/limits/limiter.hpp"

namespace wsflow::httpd {

struct Process;

// The permits that a request needs, and the limit that asks for each.
struct Demands {
  unsigned count = 0;
  std::array<limits::Demand, limits::kPerRequest> demand;
  std::array<const LimitConfig*, limits::kPerRequest> rule{};
};

// The kind of a request (applies=). The fields of a handshake are read once, if a limit asks for the kind.
class RequestKind {
 public:
  explicit RequestKind(request_rec* r) noexcept : r_(r) {}
  bool is_tunnel() noexcept;

 private:
  request_rec* r_;  // borrowed
  std::optional<bool> tunnel_;
};

// True if a limit in force for a request is on, and is for requests of its kind.
bool applies_to(const AppliedLimit& use, RequestKind& kind) noexcept;

// Finds the limits in force for `r` that limit it: one whose key is empty does not. Pre: the process has
// limits. Worker thread.
void find_demands(Process& process, request_rec* r, RequestKind& kind, Demands& demands) noexcept;

}  // namespace wsflow::httpd
