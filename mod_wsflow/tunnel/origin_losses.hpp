#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "mod_wsflow/base/clock.hpp"

namespace wsflow::tunnel {

// Spreads over time what clients are told of a lost origin: an origin that dies takes all its tunnels with it
// in one moment, and most client libraries come back a fixed time after they were told (docs/clients.md).
// Tunnels that end one by one are told at once. One thread.
class OriginLosses {
 public:
  // How long the client of one more tunnel that has lost `origin`, a number that stands for it, waits for
  // its Close frame: at most `spread`. `random`: 32 random bits.
  base::Millis delay(std::uint32_t origin, base::Instant now, base::Millis spread,
                     std::uint32_t random) noexcept {
    auto& losses = of(origin, now);
    const auto apart = std::clamp(now - losses.last, base::Millis::zero(), kMemory);
    losses.last = now;
    losses.recent -= losses.recent * static_cast<std::uint64_t>(apart.count()) /
                     static_cast<std::uint64_t>(kMemory.count());
    const auto span =
        std::min<std::uint64_t>(static_cast<std::uint64_t>(spread.count()), losses.recent * kEach / kOne);
    losses.recent += kOne;
    return base::Millis(static_cast<base::Millis::rep>(span * random >> 32U));
  }

 private:
  // Losses are forgotten over this time: those of an origin that dies come within it, and those of one that
  // ends tunnels by itself, however busy, hardly.
  static constexpr base::Millis kMemory{100};
  // Each tunnel that was lost just now stretches the time over which the next ones are told, in milliseconds:
  // ten a second, until `spread` is reached.
  static constexpr std::uint64_t kEach = 100;
  static constexpr std::uint64_t kOne = 1024;  // a loss, in the unit of `recent`

  struct Losses {
    std::uint32_t origin = 0;
    base::Instant last = base::Instant::min();
    std::uint64_t recent = 0;
  };

  Losses& of(std::uint32_t origin, base::Instant now) noexcept {
    const auto known = std::ranges::find(losses_, origin, &Losses::origin);
    if (known != losses_.end() && known->last != base::Instant::min()) return *known;
    auto& oldest = *std::ranges::min_element(losses_, {}, &Losses::last);
    oldest = {.origin = origin, .last = now, .recent = 0};
    return oldest;
  }

  std::array<Losses, 16> losses_{};  // of the origins that have lost tunnels last
};

}  // namespace wsflow::tunnel
