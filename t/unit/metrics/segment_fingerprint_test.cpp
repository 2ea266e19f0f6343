#include "mod_wsflow/metrics/segment_fingerprint.hpp"

#include <catch2/catch.hpp>
#include <cstring>

#include "mod_wsflow/shm/mapping.hpp"
#include "t/unit/support/shared_segment.hpp"

using namespace wsflow;

namespace {

// The header of the segment while it had a version, and how builds of that time looked at it.
struct VersionedHeader {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t header_size;
  std::uint32_t slot_size;
};
constexpr std::uint32_t kLastVersion = 7;

VersionedHeader header_of(const shm::Layout& layout) {
  VersionedHeader header{};
  std::memcpy(&header, static_cast<const void*>(&layout), sizeof(header));
  return header;
}

}  // namespace

TEST_CASE("a build and its segment agree", "[segment_fingerprint]") {
  const test::SharedSegment segment;
  segment->fingerprint = metrics::segment_fingerprint();
  CHECK(shm::compatible(*segment, metrics::segment_fingerprint()));
}

TEST_CASE("a build that looks for a version finds none in a segment with a fingerprint",
          "[segment_fingerprint]") {
  const test::SharedSegment segment;
  segment->fingerprint = metrics::segment_fingerprint();
  const auto header = header_of(*segment);
  CHECK(header.magic == shm::kMagic);
  CHECK(header.version > kLastVersion);
}

TEST_CASE("a segment with a version is not that of a build with a fingerprint", "[segment_fingerprint]") {
  const test::SharedSegment segment;
  for (std::uint32_t version = 0; version <= kLastVersion; ++version) {
    // Whatever the size of its header was.
    const VersionedHeader header{
        .magic = shm::kMagic,
        .version = version,
        .header_size = static_cast<std::uint32_t>(metrics::segment_fingerprint() >> 32U),
        .slot_size = sizeof(shm::ProcessSlot)};
    std::memcpy(static_cast<void*>(&*segment), &header, sizeof(header));
    CHECK_FALSE(shm::compatible(*segment, metrics::segment_fingerprint()));
  }
}
