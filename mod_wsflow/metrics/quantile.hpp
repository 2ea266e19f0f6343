#pragma once

#include <cstdint>
#include <span>

#include "mod_wsflow/metrics/catalogue.hpp"

namespace wsflow::metrics {

// The seconds below which `share` (0 to 1) of the times lie that are counted in these buckets, as if they
// were spread evenly in each; 0 if there are none. None was longer than `longest`, in their unit. What lies
// beyond the last bound counts as that bound.
double quantile(const Times& times, std::span<const std::uint64_t> buckets, std::uint64_t longest,
                double share) noexcept;

}  // namespace wsflow::metrics
