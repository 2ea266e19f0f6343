#pragma once

#include <algorithm>
#include <cstdint>

#include "mod_wsflow/capacity/facts.hpp"

namespace wsflow::capacity {

// What one tunnel costs, and what a child has for its tunnels. The module counts by these while it runs, the
// start and wsflow-doctor tell by them.

inline constexpr std::uint64_t kDescriptorsOfTunnel = 2;
// A handshake that waits has its client's descriptor, a second one of it, the origin's, the two of its
// os::WaitSet, and perhaps the bell of a job.
inline constexpr std::uint64_t kDescriptorsOfHandshake = 6;
// Of the pipes of an event loop (tunnel::PipePool).
inline constexpr std::uint64_t kDescriptorsOfLoop = 16;

// Descriptors for httpd (logs, listeners, and files of each worker thread) and for the pipes of the loops.
constexpr std::uint64_t reserved_descriptors(std::uint64_t threads_per_child, std::uint64_t loops) noexcept {
  return 256 + 4 * std::max<std::uint64_t>(threads_per_child, 1) + loops * kDescriptorsOfLoop;
}

// Descriptors of a child that are left for tunnels and for requests that wait: those of one tunnel at least.
constexpr std::uint64_t spare_descriptors(std::uint64_t limit, std::uint64_t reserved) noexcept {
  return std::max(limit, reserved + kDescriptorsOfTunnel) - reserved;
}

// The limit of descriptors with which a child takes so many tunnels.
constexpr std::uint64_t descriptors_for(std::uint64_t tunnels, std::uint64_t reserved) noexcept {
  return kDescriptorsOfTunnel * tunnels + reserved;
}

// A child that the MPM finds idle is one with tunnels: to keep all of them, MaxSpareThreads is at least this.
// `workers`: threads of all children.
constexpr bool ends_idle_children(std::uint64_t max_spare_threads, std::uint64_t workers) noexcept {
  return max_spare_threads > 0 && max_spare_threads < workers;
}

// AsyncRequestWorkerFactor with which a child of ordinary size takes a burst; httpd's own is 2.
inline constexpr std::uint64_t kGoodAsyncFactor = 64;

constexpr std::uint64_t divide_up(std::uint64_t number, std::uint64_t by) noexcept {
  return (number + by - 1) / by;
}

// The least AsyncRequestWorkerFactor with which a child accepts so many handshakes that wait.
constexpr std::uint64_t async_factor_for(std::uint64_t handshakes, std::uint64_t threads_per_child) noexcept {
  return divide_up(handshakes, std::max<std::uint64_t>(threads_per_child, 1));
}

// The number of children that run while no worker is busy: what StartServers and MinSpareThreads ask for, and
// MaxSpareThreads leaves. A tunnel makes no worker busy, so tunnels make the MPM start no child.
std::uint64_t kept_children(const Facts& facts) noexcept;

// Tunnels of one child by its descriptors; nothing: they are not known.
Count tunnels_by_descriptors(const Facts& facts) noexcept;
// The same, with WSFlowMaxTunnels.
Count tunnels_of_child(const Facts& facts) noexcept;
// Of all children that are kept: what the configuration offers.
Count tunnels_offered(const Facts& facts) noexcept;

// Bytes that a silent tunnel takes of the machine, as t/bench and t/scale have measured it
// (docs/benchmarks.md).
std::uint64_t bytes_of_tunnel(const Facts& facts) noexcept;

}  // namespace wsflow::capacity
