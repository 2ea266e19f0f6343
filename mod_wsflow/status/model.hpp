#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "mod_wsflow/limits/view.hpp"
#include "mod_wsflow/shm/sample_ring.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "mod_wsflow/shm/tunnel_view.hpp"

namespace wsflow::status {

constexpr const char* name(shm::ProcessKind kind) noexcept {
  return kind == shm::ProcessKind::keeper ? "keeper" : "child";
}

// The most important state of a tunnel with these traits.
constexpr const char* state_of(std::uint16_t traits) noexcept {
  if ((traits & shm::trait::kEnding) != 0) return "ending";
  if ((traits & shm::trait::kSlowClient) != 0) return "slow-client";
  return (traits & shm::trait::kSlowOrigin) != 0 ? "slow-origin" : "open";
}

// The data that every format of the status shows.
struct Model {
  std::string version;  // of the module
  std::string server;   // httpd's own description
  std::uint32_t generation = 0;
  std::int64_t now_us = 0;    // microseconds of the epoch
  std::int64_t clock_us = 0;  // the same moment by base::now_us(), for ages
  shm::Snapshot snapshot;
  shm::Query query;                                // selects `connections`
  bool history_wanted = false;                     // JSON shows `history`
  shm::Page connections;                           // the selected tunnels
  std::vector<std::vector<limits::HeldKey>> keys;  // keys of limits, for each of `connections`
  std::vector<shm::RouteView> routes;
  std::vector<shm::Sample> history;  // oldest first
  std::vector<limits::LimitView> limits;
  std::string nonce;  // every action must send it; not for everybody who may see the counters

  std::uint64_t keepers() const noexcept {
    return static_cast<std::uint64_t>(
        std::count_if(snapshot.processes.begin(), snapshot.processes.end(),
                      [](const auto& process) { return process.kind == shm::ProcessKind::keeper; }));
  }
  std::uint64_t active() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& process : snapshot.processes) sum += process.active + process.active_worker;
    return sum;
  }
  std::uint64_t active_worker() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& process : snapshot.processes) sum += process.active_worker;
    return sum;
  }
  // The sum of `count` counters from `first` on.
  std::uint64_t sum(std::size_t first, std::size_t count) const noexcept {
    std::uint64_t result = 0;
    for (std::size_t i = 0; i < count; ++i) result += snapshot.sums[first + i];
    return result;
  }
  // Sum of the counters of a metrics::CounterIndex.
  template <class Index>
  std::uint64_t sum(const Index& index) const noexcept {
    return sum(index.first, Index::kCount);
  }
};

}  // namespace wsflow::status
