#pragma once

#include "mod_wsflow/metrics/recorder.hpp"

namespace wsflow::test {

// Counters of one process, outside any segment.
struct CountedProcess {
  shm::ProcessSlot slot{};
  metrics::Recorder recorder{slot};

  std::uint64_t count(std::size_t counter) const { return slot.counters[counter].load(); }
  std::uint64_t ended(base::Outcome outcome) const { return count(metrics::kTunnelsEnded(outcome)); }
  std::uint64_t ended() const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < base::kOutcomes; ++i) sum += count(metrics::kTunnelsEnded.first + i);
    return sum;
  }
};

}  // namespace wsflow::test
