#include "mod_wsflow/cluster/want.hpp"

#include <algorithm>
#include <cmath>

namespace wsflow::cluster {

namespace {

std::uint32_t rounded_up(double demand, std::uint32_t most) noexcept {
  return static_cast<std::uint32_t>(std::min(std::ceil(demand), static_cast<double>(most)));
}

}  // namespace

Wish wish_for(const Pool& pool) noexcept {
  if (pool.size == 0) return {};
  const auto need = std::max(rounded_up(pool.demand, pool.size), std::min(pool.held, pool.size));
  if (pool.lacking != 0) {
    // Others need what this node only keeps. If it needs more than its part itself, both have a claim: it
    // gives half of what they lack, as they do.
    // Rounded up, or what does not divide by the nodes would be nobody's; but where there is not one for each
    // node, none has a claim.
    const auto nodes = std::max(pool.nodes, 1U);
    const auto part = pool.size < nodes ? 0 : (pool.size + nodes - 1) / nodes;
    auto want = need;
    if (want > part) want -= std::min(want - part, (pool.lacking + 1) / 2);
    want = std::max(want, pool.held);
    return {.need = need, .want = want, .urgent = want != pool.share};
  }
  const auto want = std::min(need + pool.spare, pool.size);
  // A share that is a little too large stays, so that it does not come and go.
  if (want <= pool.share)
    return {
        .need = need, .want = pool.share - want > (pool.spare + 1) / 2 ? want : pool.share, .urgent = false};
  return {.need = need, .want = want, .urgent = need + (pool.spare + 1) / 2 > pool.share};
}

std::uint32_t spare_permits(std::uint32_t size) noexcept {
  return std::max(size / 16, 1U);
}

std::uint32_t spare_units(std::uint32_t size, std::uint32_t nodes) noexcept {
  return std::max(size / std::max(nodes, 1U), 1U);
}

}  // namespace wsflow::cluster
