#include "mod_wsflow/metrics/rates.hpp"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <optional>

#include "mod_wsflow/metrics/quantile.hpp"

namespace wsflow::metrics {

namespace {

constexpr auto place(Sampled what) noexcept {
  return static_cast<std::size_t>(what);
}
constexpr auto kFirstBucket = place(Sampled::handshake_bucket);
static_assert(kFirstBucket + kHandshakeBuckets <= shm::kSampleValues);

// What was counted between two samples; nothing if these are not of the same segment, or the clock was put
// back.
std::optional<shm::Sample> growth(const shm::Sample& from, const shm::Sample& to) noexcept {
  if (to.at_us <= from.at_us) return std::nullopt;
  shm::Sample result{.at_us = to.at_us - from.at_us};
  for (auto i = place(Sampled::opened); i < shm::kSampleValues; ++i) {
    const bool less = to.values[i] < from.values[i];
    // A limit that is not configured any more takes its refusals along.
    if (less && i != place(Sampled::limit_refused)) return std::nullopt;
    result.values[i] = less ? 0 : to.values[i] - from.values[i];
  }
  return result;
}

std::optional<Interval> between(const shm::Sample& from, const shm::Sample& to) noexcept {
  const auto grown = growth(from, to);
  if (!grown) return std::nullopt;
  const auto rate = [&](Sampled what) {
    return static_cast<double>(grown->values[place(what)]) * 1e6 / static_cast<double>(grown->at_us);
  };
  const auto buckets = std::span(grown->values).subspan(kFirstBucket, kHandshakeBuckets);
  const auto longest = to.values[place(Sampled::handshake_longest)];
  return Interval{.from_us = from.at_us,
                  .to_us = to.at_us,
                  .active = static_cast<double>(to.values[place(Sampled::active)]),
                  .opened = rate(Sampled::opened),
                  .refused = rate(Sampled::refused),
                  .limit_refused = rate(Sampled::limit_refused),
                  .bytes_to_origin = rate(Sampled::bytes_to_origin),
                  .bytes_to_client = rate(Sampled::bytes_to_client),
                  .joins = rate(Sampled::joins),
                  .leaves = rate(Sampled::leaves),
                  .origin_failed = rate(Sampled::origin_failed),
                  .lost = rate(Sampled::lost),
                  .handshake_p50 = quantile(kHandshakes, buckets, longest, 0.50),
                  .handshake_p95 = quantile(kHandshakes, buckets, longest, 0.95),
                  .handshake_p99 = quantile(kHandshakes, buckets, longest, 0.99)};
}

}  // namespace

shm::Sample sample_of(const shm::Counters& sums, std::uint64_t active, std::uint64_t limit_refused,
                      std::int64_t now_us) {
  shm::Sample sample{.at_us = now_us};
  auto& values = sample.values;
  values[place(Sampled::active)] = active;
  values[place(Sampled::opened)] = sums[kTunnelsOpened];
  const auto refused = std::span(sums).subspan(kRefused.first, kRefused.kCount);
  values[place(Sampled::refused)] = std::accumulate(refused.begin(), refused.end(), std::uint64_t{0});
  values[place(Sampled::limit_refused)] = limit_refused;
  values[place(Sampled::bytes_to_origin)] = sums[kBytes(Direction::client_to_origin)];
  values[place(Sampled::bytes_to_client)] = sums[kBytes(Direction::origin_to_client)];
  values[place(Sampled::joins)] = sums[kPresenceJoins];
  values[place(Sampled::leaves)] = sums[kPresenceLeaves];
  for (std::size_t i = 0; i < base::kHandshakeRefusals; ++i) {
    const auto refusal = static_cast<base::HandshakeRefusal>(i);
    if (base::is_failure_of_origin(refusal)) values[place(Sampled::origin_failed)] += sums[kRefused(refusal)];
  }
  values[place(Sampled::lost)] = sums[kTunnelsEnded(base::Outcome::process_lost)];
  values[place(Sampled::handshake_longest)] = sums[kLongestHandshake];
  std::copy_n(sums.begin() + kHandshakeTimes, kHandshakeBuckets, values.begin() + kFirstBucket);
  return sample;
}

std::vector<Interval> intervals(std::span<const shm::Sample> samples) {
  std::vector<Interval> result;
  result.reserve(samples.size());
  for (std::size_t i = 1; i < samples.size(); ++i) {
    if (const auto interval = between(samples[i - 1], samples[i])) result.push_back(*interval);
  }
  return result;
}

Interval last(std::span<const shm::Sample> samples, std::int64_t span_us) {
  if (samples.size() < 2) return {};
  const auto& newest = samples.back();
  // The nearest to that moment.
  const auto wanted = newest.at_us - span_us;
  const auto* from = &samples.front();
  for (const auto& sample : samples.first(samples.size() - 1)) {
    if (std::abs(sample.at_us - wanted) <= std::abs(from->at_us - wanted)) from = &sample;
  }
  return between(*from, newest).value_or(Interval{});
}

}  // namespace wsflow::metrics
