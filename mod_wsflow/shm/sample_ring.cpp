#include "mod_wsflow/shm/sample_ring.hpp"

#include <algorithm>

#include "mod_wsflow/shm/reaper_lock.hpp"

namespace wsflow::shm {

namespace {

// Those who look once a second find that it is time a little before it is.
constexpr std::int64_t kEarly_us = 500'000;

// Whether sample `number` was not written over: that begins when `written` has come round.
bool still_there(const SampleRing& ring, std::uint64_t number) noexcept {
  return ring.written.load() < number + kSamples;
}

Sample copy_of(const SampleRing::Slot& slot) noexcept {
  Sample sample;
  sample.at_us = slot.at_us.load();
  std::transform(std::begin(slot.values), std::end(slot.values), sample.values.begin(),
                 [](const auto& value) { return value.load(); });
  return sample;
}

}  // namespace

bool sample_due(const Layout& layout, std::int64_t now_us) noexcept {
  const auto& ring = layout.sample_ring;
  const auto written = ring.written.load();
  if (written == 0) return true;
  const auto newest = ring.slots[(written - 1) % kSamples].at_us.load();
  // A clock that was put back must not stop the samples.
  return now_us < newest || now_us - newest >= kSampleSpan_us - kEarly_us;
}

void keep_sample(Layout& layout, const Sample& sample) noexcept {
  const ReaperLock lock(layout);
  if (!lock || !sample_due(layout, sample.at_us)) return;
  auto& ring = layout.sample_ring;
  const auto number = ring.written.load();
  auto& slot = ring.slots[number % kSamples];
  slot.at_us.store(sample.at_us);
  for (std::size_t i = 0; i < kSampleValues; ++i) slot.values[i].store(sample.values[i]);
  ring.written.store(number + 1);  // it counts from here on
}

std::vector<Sample> samples(const Layout& layout) {
  const auto& ring = layout.sample_ring;
  const auto written = ring.written.load();
  std::vector<Sample> result;
  result.reserve(kSamples);
  // The oldest slot is the one that is being written.
  for (auto number = written - std::min<std::uint64_t>(written, kSamples - 1); number < written; ++number) {
    const auto sample = copy_of(ring.slots[number % kSamples]);
    if (still_there(ring, number)) result.push_back(sample);
  }
  return result;
}

}  // namespace wsflow::shm
