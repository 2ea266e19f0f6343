#pragma once

#include <array>

#include "mod_wsflow/httpd/config/limit_config.hpp"
#include "mod_wsflow/limits/limiter.hpp"

namespace wsflow::httpd {

// What a request needs, and the limits that ask for it.
struct Demands {
  unsigned count = 0;
  std::array<limits::Demand, limits::kPerRequest> demand;
  std::array<const LimitConfig*, limits::kPerRequest> rule{};
};

// Whether a limit that is in force for `r` is for requests of its kind (applies=).
bool applies_to(const AppliedLimit& use, request_rec* r) noexcept;

// Of the limits that are in force for `r`, those that limit it: one whose key is empty does not. Worker
// thread.
void find_demands(request_rec* r, const limits::Table& table, Demands& demands) noexcept;

}  // namespace wsflow::httpd
