#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "mod_wsflow/metrics/catalogue.hpp"
#include "mod_wsflow/shm/counters.hpp"
#include "mod_wsflow/shm/sample_ring.hpp"

namespace wsflow::metrics {

// What a sample keeps, by its place among the values. Counters but `active`, which is as it was at that
// moment.
enum class Sampled : std::uint8_t {
  active,         // tunnels
  opened,         // tunnels
  refused,        // handshakes without a tunnel
  limit_refused,  // requests of all kinds that a limit has refused
  bytes_to_origin,
  bytes_to_client,
  joins,              // of presence lists
  leaves,             // likewise
  origin_failed,      // handshakes whose origin failed
  lost,               // tunnels of processes that died
  handshake_longest,  // ever
  handshake_bucket,   // the first of kHandshakeBuckets
};

// What happened between two samples.
struct Interval {
  std::int64_t from_us = 0;  // of the epoch
  std::int64_t to_us = 0;
  double active = 0;  // tunnels, at its end
  double opened = 0;  // a second, as all that follow
  double refused = 0;
  double limit_refused = 0;
  double bytes_to_origin = 0;
  double bytes_to_client = 0;
  double joins = 0;   // of presence lists
  double leaves = 0;  // likewise
  double origin_failed = 0;
  double lost = 0;
  // Of the handshakes that ended in it, in seconds; 0: there were none.
  double handshake_p50 = 0;
  double handshake_p95 = 0;
  double handshake_p99 = 0;
};

// A sample of what is counted now. `limit_refused`: of all limits, in all.
shm::Sample sample_of(const shm::Counters& sums, std::uint64_t active, std::uint64_t limit_refused,
                      std::int64_t now_us);
// What happened between each sample and the next one; where a counter has gone back (another segment),
// nothing.
std::vector<Interval> intervals(std::span<const shm::Sample> samples);
// What happened in the last `span_us` before the newest sample, as one; nothing without two samples.
Interval last(std::span<const shm::Sample> samples, std::int64_t span_us);

}  // namespace wsflow::metrics
