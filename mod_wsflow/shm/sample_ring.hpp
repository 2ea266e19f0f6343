#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace wsflow::shm {

struct Layout;

// What was counted in all until a moment, so that two samples tell what happened between them. What the
// values are, metrics/rates.hpp says.
inline constexpr std::size_t kSampleValues = 40;
struct Sample {
  std::int64_t at_us = 0;  // microseconds of the epoch; 0: none
  std::array<std::uint64_t, kSampleValues> values{};
};

// The last quarter of an hour: a ring, of which the sample `written % kSamples` is the next to be written.
// Written by the holder of the reaper lock alone; a reader takes what has not been written over meanwhile.
inline constexpr std::size_t kSamples = 184;
inline constexpr std::int64_t kSampleSpan_us = 5'000'000;
struct SampleRing {
  struct Slot {
    std::atomic<std::int64_t> at_us;
    std::atomic<std::uint64_t> values[kSampleValues];
  };
  std::atomic<std::uint64_t> written;  // so many in all
  Slot slots[kSamples];
};

// Whether it is time for another sample. Any process, any thread.
bool sample_due(const Layout& layout, std::int64_t now_us) noexcept;
// Keeps a sample; not if somebody else is at it, or has been. Any process, any thread; nobody waits.
void keep_sample(Layout& layout, const Sample& sample) noexcept;
// The samples, oldest first. Any process, any thread.
std::vector<Sample> samples(const Layout& layout);

}  // namespace wsflow::shm
