#include "mod_wsflow/metrics/quantile.hpp"

#include <algorithm>
#include <numeric>

namespace wsflow::metrics {

double quantile(const Times& times, std::span<const std::uint64_t> buckets, std::uint64_t longest,
                double share) noexcept {
  const auto all = std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
  if (all == 0) return 0;
  const auto wanted = share * static_cast<double>(all);
  const auto most = static_cast<double>(longest) / times.second;
  double below = 0;
  double lower = 0;
  for (std::size_t i = 0; i < times.bounds.size(); ++i) {
    const double upper = std::min(static_cast<double>(times.bounds[i]) * times.bound / times.second, most);
    const auto here = static_cast<double>(buckets[i]);
    if (here > 0 && below + here >= wanted) return lower + (upper - lower) * (wanted - below) / here;
    below += here;
    lower = upper;
  }
  return lower;
}

}  // namespace wsflow::metrics
