#include "mod_wsflow/limits/gradient.hpp"

#include <algorithm>
#include <cmath>

namespace wsflow::limits {

namespace {

constexpr std::uint64_t kSamples = 10;  // fewer say nothing
constexpr std::uint32_t kFew = 2;       // permits that are no load
constexpr double kTolerance = 1.2;      // how much slower than usual is no reason to shrink
constexpr double kHeadroom = 0.5;       // times the root of the concurrency: what it may grow by
constexpr double kLeastRatio = 0.5;
constexpr double kSmoothing = 0.2;  // of the decisions
constexpr double kLately = 0.4;     // share of the last interval in what is recent
constexpr double kSlow = 1.0 / 60;  // share of what is recent in what is usual, when it is slower
constexpr double kFast = 0.1;       // and when it is faster

constexpr double kRising = 1.3;  // slower by so much than lately: more load comes, which a trial must not see
constexpr double kNotFaster = 0.75;  // share of the time before it that a trial must win to have helped

void approach(double& value, double goal, double share) noexcept {
  value += (goal - value) * share;
}

// A step towards `wanted`, of at least one: rounding alone must not hold it.
std::uint32_t step(std::uint32_t concurrency, double wanted) noexcept {
  const auto from = static_cast<double>(concurrency);
  const auto difference = wanted - from;
  if (std::abs(difference) < 0.5) return concurrency;
  const auto size = std::max(1.0, std::round(std::abs(difference) * kSmoothing));
  return static_cast<std::uint32_t>(std::max(1.0, from + std::copysign(size, difference)));
}

// With little load, what is measured is what is usual. Under load slower requests may be due to the permits
// themselves, and to take that for usual would let them grow for ever. Then only a trial tells: the slowness
// has taken half the permits away, and if that did not help, it is how the origin is now.
void learn(Gradient& of, std::uint32_t concurrency, bool load) noexcept {
  if (!load) {
    approach(of.usual, of.recent, of.guessed ? 1 : of.recent < of.usual ? kFast : kSlow);
    of.guessed = false;
    of.tried = 0;
    return;
  }
  if (of.recent < of.usual) approach(of.usual, of.recent, kFast);
  const bool tried = concurrency <= of.tried - of.tried / 2;
  if (tried && of.recent > of.tried_recent * kNotFaster) {
    of.usual = of.recent;
    of.guessed = false;
  }
  if (of.guessed) of.usual = of.recent * kLeastRatio / kTolerance;
  if (concurrency < of.tried && !tried) return;
  of.tried = concurrency;
  of.tried_recent = of.recent;
}

}  // namespace

void Gradient::sample(Micros span) noexcept {
  ++samples;
  sum += std::max(span, Micros{0});
}

std::uint32_t Gradient::decide(std::uint32_t concurrency, std::uint32_t least, std::uint32_t most,
                               std::uint32_t in_use, Micros now) noexcept {
  const auto bounded = std::clamp(concurrency, least, most);
  if (now - decided < kInterval) return bounded;
  decided = now;
  const bool busy = in_use >= concurrency - concurrency / 2;
  if (samples < kSamples) {
    why = Why::idle;
    return bounded;
  }
  const auto mean = std::max(1.0, static_cast<double>(sum) / static_cast<double>(samples));
  samples = 0;
  sum = 0;
  if (usual == 0) {
    // Under load nobody knows yet whether it could be faster: trials shall tell.
    usual = recent = mean;
    guessed = true;
  }
  // The load is still coming up: no trial yet.
  if (mean > recent * kRising) tried = 0;
  approach(recent, mean, kLately);
  learn(*this, concurrency, busy && concurrency > std::max(least, kFew));
  if (!busy) {
    why = Why::idle;
    return bounded;
  }
  ratio = std::clamp(kTolerance * usual / recent, kLeastRatio, 1.0);
  why = ratio < 1 ? Why::slower : Why::steady;
  const auto from = static_cast<double>(concurrency);
  before = concurrency;
  after = std::clamp(step(concurrency, from * ratio + kHeadroom * std::sqrt(from)), least, most);
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
