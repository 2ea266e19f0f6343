#pragma once

#include <cstdint>

namespace wsflow::metrics {

// What this build keeps in the shared segment, and where, as one number: the layout of the segment, the
// catalogue of counters, and the names of all that indexes them. Builds with the same number may share a
// segment. The lower half is no small number: there earlier builds look for a version, which was 7 at most.
std::uint64_t segment_fingerprint() noexcept;

}  // namespace wsflow::metrics
