#pragma once

#include <cstdint>
#include <string>

#include "mod_wsflow/shm/segment.hpp"

namespace wsflow::status {

// What every format of the status shows.
struct Model {
  std::string version;  // of the module
  std::string server;   // httpd's own description
  std::uint32_t generation = 0;
  shm::Snapshot snapshot;

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
  // Sum of `count` counters from `first` on.
  std::uint64_t sum(std::size_t first, std::size_t count) const noexcept {
    std::uint64_t result = 0;
    for (std::size_t i = 0; i < count; ++i) result += snapshot.sums[first + i];
    return result;
  }
};

}  // namespace wsflow::status
