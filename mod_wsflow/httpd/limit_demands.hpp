#pragma once

#include <array>

#include "mod_wsflow/flow/control.hpp"
#include "mod_wsflow/httpd/limit_rule.hpp"

namespace wsflow::httpd {

// What a request needs, and the limits that ask for it.
struct Demands {
  unsigned count = 0;
  std::array<flow::Demand, flow::kPerRequest> demand;
  std::array<const LimitRule*, flow::kPerRequest> rule{};
};

// Whether a limit that is in force for `r` is for requests of its kind (applies=).
bool limits(const LimitUse& use, request_rec* r) noexcept;

// Of the limits that are in force for `r`, those that limit it: one whose key is empty does not. Worker
// thread.
void find_demands(request_rec* r, const flow::Table& table, Demands& demands) noexcept;

}  // namespace wsflow::httpd
