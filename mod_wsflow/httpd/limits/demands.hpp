#pragma once

#include <array>

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

// True if a limit in force for `r` is on, and is for requests of its kind (applies=).
bool applies_to(const AppliedLimit& use, request_rec* r) noexcept;

// Finds the limits in force for `r` that limit it: one whose key is empty does not. Pre: the process has
// limits. Worker thread.
void find_demands(Process& process, request_rec* r, Demands& demands) noexcept;

}  // namespace wsflow::httpd
