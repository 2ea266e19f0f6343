#include "mod_wsflow/limits/gradient.hpp"

#include <algorithm>
#include <cmath>

namespace wsflow::limits {

namespace {

constexpr std::uint64_t kMinSamples = 10;
constexpr std::uint32_t kIdlePermits = 2;  // a concurrency up to here is no load
constexpr double kTolerance = 1.2;         // of a sample RTT above the min RTT
constexpr double kHeadroom = 0.5;          // times the root of the concurrency
constexpr double kMinGradient = 0.5;
constexpr double kSmoothing = 0.2;      // share of a decision that takes effect
constexpr double kSampleWeight = 0.4;   // of the last interval in the sample RTT
constexpr double kMinRttUp = 1.0 / 60;  // weight of a higher sample RTT in the min RTT
constexpr double kMinRttDown = 0.1;     // weight of a lower one
constexpr double kLoadRising = 1.3;     // an interval so much slower than the sample RTT: no probe meanwhile
constexpr double kProbeHelped =
    0.75;  // of probe_rtt: a sample RTT above it shows that the probe did not help

void approach(double& value, double goal, double share) noexcept {
  value += (goal - value) * share;
}

// A smoothed step towards `target`, of at least one: rounding alone must not hold it.
std::uint32_t step(std::uint32_t concurrency, double target) noexcept {
  const auto from = static_cast<double>(concurrency);
  const auto difference = target - from;
  if (std::abs(difference) < 0.5) return concurrency;
  const auto size = std::max(1.0, std::round(std::abs(difference) * kSmoothing));
  return static_cast<std::uint32_t>(std::max(1.0, from + std::copysign(size, difference)));
}

// Learns the min RTT. Under load the permits themselves may make requests slow: to take the sample RTT for
// the min RTT then would let the concurrency grow for ever. So a probe must tell: if half the permits are as
// slow, the origin is.
void learn(Gradient& of, std::uint32_t concurrency, bool load) noexcept {
  if (!load) {
    const auto weight = of.sample_rtt < of.min_rtt ? kMinRttDown : kMinRttUp;
    approach(of.min_rtt, of.sample_rtt, of.guessed ? 1 : weight);
    of.guessed = false;
    of.probe_from = 0;
    return;
  }
  if (of.sample_rtt < of.min_rtt) approach(of.min_rtt, of.sample_rtt, kMinRttDown);
  const bool probed = concurrency <= of.probe_from - of.probe_from / 2;
  if (probed && of.sample_rtt > of.probe_rtt * kProbeHelped) {
    of.min_rtt = of.sample_rtt;
    of.guessed = false;
  }
  if (of.guessed) of.min_rtt = of.sample_rtt * kMinGradient / kTolerance;
  if (concurrency < of.probe_from && !probed) return;
  of.probe_from = concurrency;
  of.probe_rtt = of.sample_rtt;
}

}  // namespace

void Gradient::sample(Micros rtt) noexcept {
  ++samples;
  sum_rtt += std::max(rtt, Micros{0});
}

std::uint32_t Gradient::decide(std::uint32_t concurrency, std::uint32_t least, std::uint32_t most,
                               std::uint32_t in_use, Micros now) noexcept {
  const auto bounded = std::clamp(concurrency, least, most);
  if (now - decided < kInterval) return bounded;
  decided = now;
  const bool busy = in_use >= concurrency - concurrency / 2;
  if (samples < kMinSamples) {
    why = Why::idle;
    return bounded;
  }
  const auto mean = std::max(1.0, static_cast<double>(sum_rtt) / static_cast<double>(samples));
  samples = 0;
  sum_rtt = 0;
  if (min_rtt == 0) {
    // Under load it is not known yet whether requests could be faster: probes tell.
    min_rtt = sample_rtt = mean;
    guessed = true;
  }
  if (mean > sample_rtt * kLoadRising) probe_from = 0;
  approach(sample_rtt, mean, kSampleWeight);
  learn(*this, concurrency, busy && concurrency > std::max(least, kIdlePermits));
  if (!busy) {
    why = Why::idle;
    return bounded;
  }
  gradient = std::clamp(kTolerance * min_rtt / sample_rtt, kMinGradient, 1.0);
  why = gradient < 1 ? Why::slower : Why::steady;
  const auto from = static_cast<double>(concurrency);
  before = concurrency;
  after = std::clamp(step(concurrency, from * gradient + kHeadroom * std::sqrt(from)), least, most);
  return after;
}

const char* name(Gradient::Why why) noexcept {
  switch (why) {
    case Gradient::Why::none: return "none";
    case Gradient::Why::idle: return "idle";
    case Gradient::Why::steady: return "steady";
    case Gradient::Why::slower: return "slower";
  }
  return "unknown";
}

}  // namespace wsflow::limits
