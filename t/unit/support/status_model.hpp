#pragma once

#include "mod_wsflow/metrics/catalogue.hpp"
#include "mod_wsflow/status/model.hpp"

namespace wsflow::test {

// What a client may try to say, cut off in the middle of a character.
inline constexpr const char* kHostile = "</script>\"\\\n\x01<&'\xE2\x82";

// A child, a keeper and two tunnels, and a different number in every counter.
inline status::Model status_model() {
  status::Model model;
  model.version = "1.2.3";
  model.server = "Apache/2.4 <\"&'\\> test";
  model.generation = 4;
  for (std::uint32_t i = 0; i < 2; ++i) {
    auto& process = model.snapshot.processes.emplace_back();
    process.pid = 100 + i;
    process.kind = i == 0 ? shm::ProcessKind::child : shm::ProcessKind::keeper;
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
  model.now_us = 1'700'000'090'500'000;
  model.connections_total = 77;
  model.connections.push_back({.id = 0xAB,
                               .pid = 101,
                               .kind = shm::ProcessKind::keeper,
                               .generation = 4,
                               .started_us = 1'700'000'000'000'000,
                               .client = "192.0.2.1:4711",
                               .server = "www.example.org",
                               .route = "/chat",
                               .origin = "ws://127.0.0.1:9000"});
  model.connections.push_back({.id = UINT64_MAX,
                               .pid = 100,
                               .kind = shm::ProcessKind::child,
                               .generation = 3,
                               .started_us = model.now_us + 1,
                               .client = kHostile,
                               .server = kHostile,
                               .route = kHostile,
                               .origin = kHostile});
  return model;
}

}  // namespace wsflow::test
