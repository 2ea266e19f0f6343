#pragma once

#include "mod_wsflow/metrics/catalogue.hpp"
#include "mod_wsflow/status/model.hpp"

namespace wsflow::test {

// Two processes, and a different number in every counter.
inline status::Model status_model() {
  status::Model model;
  model.version = "1.2.3";
  model.server = "Apache/2.4 <\"&'\\> test";
  model.generation = 4;
  for (std::uint32_t i = 0; i < 2; ++i) {
    auto& process = model.snapshot.processes.emplace_back();
    process.pid = 100 + i;
    process.generation = 3 + i;
    process.started = 1700000000 + i;
    process.active = 10 + i;
    process.active_worker = 1 + i;
    process.max_tunnels = 9000;
    process.counters = {};
    for (std::size_t counter = 0; counter < metrics::kCounters; ++counter)
      process.counters[counter] = counter + i;
  }
  for (std::size_t counter = 0; counter < metrics::kCounters; ++counter) {
    model.snapshot.sums[counter] = 1000 + 2 * counter + 1;
  }
  return model;
}

}  // namespace wsflow::test
