#include "mod_wsflow/capacity/arithmetic.hpp"

namespace wsflow::capacity {

std::uint64_t kept_children(const Facts& facts) noexcept {
  const auto most = std::max<std::uint64_t>(facts.children, 1);
  const auto threads = std::max<std::uint64_t>(facts.threads_per_child, 1);
  if (!facts.threads || !facts.start_servers) return most;
  const auto least_spare = facts.min_spare_threads.value_or(0);
  auto kept = std::max(*facts.start_servers, divide_up(least_spare, threads));
  if (const auto spare = facts.max_spare_threads.value_or(0); spare > 0) {
    // The MPM itself raises it to that.
    kept = std::min(kept, std::max(spare, least_spare + threads) / threads);
  }
  return std::clamp<std::uint64_t>(kept, 1, most);
}

Count tunnels_by_descriptors(const Facts& facts) noexcept {
  if (!facts.descriptors) return std::nullopt;
  // "unlimited" is no number to count with.
  const auto limit = std::min(*facts.descriptors, std::uint64_t{1} << 32U);
  return spare_descriptors(limit, reserved_descriptors(facts.threads_per_child, facts.loops)) /
         kDescriptorsOfTunnel;
}

Count tunnels_of_child(const Facts& facts) noexcept {
  const auto by_descriptors = tunnels_by_descriptors(facts);
  if (!facts.max_tunnels) return by_descriptors;
  return std::min(*facts.max_tunnels, by_descriptors.value_or(*facts.max_tunnels));
}

Count tunnels_offered(const Facts& facts) noexcept {
  const auto each = tunnels_of_child(facts);
  if (!facts.threads || !each) return std::nullopt;
  return *each * kept_children(facts);
}

std::uint64_t bytes_of_tunnel(const Facts& facts) noexcept {
  // The kernel keeps 5 KB for each end of a connection; two of them are this machine's, whatever the peers
  // are.
  constexpr std::uint64_t kKernel = 10 * 1024;
  constexpr std::uint64_t kPlain = 512;
  constexpr std::uint64_t kTls = 15 * 1024;
  return kKernel + kPlain + (facts.tls_clients ? kTls : 0) + (facts.tls_origins ? kTls : 0);
}

}  // namespace wsflow::capacity
