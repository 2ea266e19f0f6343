#pragma once

#include "mod_wsflow/cluster/want.hpp"
#include "mod_wsflow/limits/table.hpp"

namespace wsflow::cluster {

// The decaying sum of refusals is over when less than this is left: rounded up it would still be a permit.
inline constexpr double kAnyRefusal = 0.5;

// Counts the arrivals and refusals of a limit up to `boot`, as decaying sums.
void count_demand(limits::LimitRecord& limit, limits::Micros boot) noexcept;

// What a node wishes of the permits and of the rate of a limit; counted up to now. Of a limit that is gone
// from the configuration: no more than it holds.
Wish permits_wish(const limits::LimitRecord& limit, std::uint32_t share) noexcept;
Wish units_wish(const limits::LimitRecord& limit, std::uint32_t share) noexcept;

}  // namespace wsflow::cluster
