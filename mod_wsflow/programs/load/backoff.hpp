#pragma once

#include <algorithm>
#include <cstdint>

namespace wsflow::load {

// When a client whose socket is gone tries again.
struct Backoff {
  enum class Kind : std::uint8_t { never, fixed, exponential };
  Kind kind = Kind::never;
  std::int64_t first_us = 0;
  std::int64_t most_us = 0;  // exponential only

  // The wait before attempt `attempt` (0: the first since the client was last open). `random` is from 0 to
  // below 1. Exponential: the first wait is doubled with each attempt up to the longest, and of that a random
  // half is left away, so that clients which were cut together come back apart.
  std::int64_t delay_us(unsigned attempt, double random) const noexcept {
    if (kind != Kind::exponential) return first_us;
    const auto doubled = attempt < 32 && first_us <= (most_us >> attempt) ? first_us << attempt : most_us;
    const auto whole = std::min(doubled, most_us);
    return whole - static_cast<std::int64_t>(static_cast<double>(whole) / 2 * random);
  }
};

}  // namespace wsflow::load
