#pragma once

#include <atomic>
#include <cstdint>

#include "mod_wsflow/base/clock.hpp"

namespace wsflow::shm {

// Work that one process does in each span, whoever that is: true for one of those who ask, by
// compare-and-swap of the word that says when it is due next. Whoever has it may be stopped or killed right
// after; the next span finds another one. Any thread.
inline bool take_turn(std::atomic<std::int64_t>& next_ms, base::Millis span,
                      std::int64_t now_ms = base::now().time_since_epoch().count()) noexcept {
  auto next = next_ms.load();
  // What lies further ahead nobody has claimed.
  if (now_ms < next && next - now_ms <= span.count()) return false;
  return next_ms.compare_exchange_strong(next, now_ms + span.count());
}

}  // namespace wsflow::shm
