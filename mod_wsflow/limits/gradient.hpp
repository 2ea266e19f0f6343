#pragma once

#include <cstdint>

#include "mod_wsflow/limits/limit_definition.hpp"

namespace wsflow::limits {

// concurrency=auto: seeks the concurrency at which requests get their first byte (tunnels: their 101) about
// as fast as they do with little load. In the shared memory; zeroed is its start. Each second, with the round
// trip time RTT from the grant of a permit to the first byte:
//
//   gradient    = clamp(tolerance * min RTT / sample RTT, 0.5, 1)
//   target      = gradient * concurrency + headroom          headroom = sqrt(concurrency) / 2
//   concurrency = concurrency + smoothing * (target - concurrency)
//
// The formula is that of Gradient2Limit in Netflix's concurrency-limits
// (https://github.com/Netflix/concurrency-limits), with a headroom that grows with the root, as in Envoy's
// gradient controller (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/
// adaptive_concurrency_filter). What differs:
//
// - min RTT. Envoy measures it by cutting the concurrency to a minimum now and then, Gradient2Limit takes the
//   mean over a long time. Here it is the RTT while there is little load. Under lasting load only a probe
//   tells: when the shrinking has halved the concurrency since `probe_from`, and RTT has not fallen to three
//   quarters of `probe_rtt`, the origin has become slower, and the sample RTT is the new min RTT.
// - sample RTT is a mean of means of one second, which leans on the last few. Envoy takes a percentile.
// - The gradient is never above 1 (Envoy's: 2): only the headroom lets the concurrency grow.
// - Nothing is decided while half the permits are free, or of fewer than ten requests.
// - A step is at least one: rounding alone does not hold it.
struct Gradient {
  enum class Why : std::uint8_t {
    none,    // has not decided yet
    idle,    // too few requests, or the permits are not needed: the concurrency stays
    steady,  // the gradient is 1: the concurrency may grow
    slower,  // the gradient is below 1: the concurrency shrinks
  };

  // One request got its first byte `rtt` after its permit.
  void sample(Micros rtt) noexcept;
  // Decides once a second. Returns the new concurrency, between `least` and `most`. `in_use` is the most that
  // was in use since the last decision, which was at `decided`.
  std::uint32_t decide(std::uint32_t concurrency, std::uint32_t least, std::uint32_t most,
                       std::uint32_t in_use, Micros now) noexcept;

  static constexpr Micros kInterval = 1'000'000;

  Micros decided;            // time of the last decision
  Why why;                   // of the last decision that samples led to, or idle
  std::uint32_t before;      // concurrency before the last decision
  std::uint32_t after;       // and behind it
  double min_rtt;            // microseconds
  double sample_rtt;         // microseconds
  double gradient;           // of the last decision
  std::uint64_t samples;     // of this interval
  Micros sum_rtt;            // of these samples
  bool guessed;              // min_rtt is a guess: there was load from the start
  std::uint32_t probe_from;  // the concurrency from which it has shrunk; 0: no probe
  double probe_rtt;          // sample_rtt at probe_from
};
const char* name(Gradient::Why why) noexcept;

}  // namespace wsflow::limits
