#pragma once

#include <cstdint>
#include <optional>

#include "mod_wsflow/base/clock.hpp"

namespace wsflow::os {

// The number of descriptors that this process has open; nothing without /proc. Linux before 6.2 has only
// their list, which takes as long as they are many.
std::optional<std::uint32_t> open_descriptors() noexcept;

// Counts them now and then: at most once a second, and for at most a five hundredth of the time. One thread.
class DescriptorCount {
 public:
  // The number, if it was time to count them.
  std::optional<std::uint32_t> look(base::Instant now) noexcept;

 private:
  base::Instant next_{};
};

}  // namespace wsflow::os
