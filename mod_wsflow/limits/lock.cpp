#include "mod_wsflow/limits/lock.hpp"

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "mod_wsflow/limits/deferred_release.hpp"
#include "mod_wsflow/limits/limiter.hpp"
#include "mod_wsflow/limits/repair.hpp"

namespace wsflow::limits {

namespace {

// The lock is held for a microsecond or so: it is not worth the kernel's queue of waiters.
int lock_within(pthread_mutex_t& lock, Micros patience) noexcept {
  constexpr int kYields = 20;
  constexpr std::chrono::microseconds kPause(50);
  Micros until = 0;
  for (int tries = 0;; ++tries) {
    const auto result = pthread_mutex_trylock(&lock);
    if (result != EBUSY || patience == 0) return result;
    if (tries < kYields) {
      std::this_thread::yield();
      continue;
    }
    const auto time = now();
    if (until == 0) until = time + patience;
    if (time >= until) return result;
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace

Lock::Lock(Table& table, const SlotWakeups& wakeups, Micros patience) noexcept
    : table_(table), wakeups_(wakeups) {
  take(patience);
}

void Lock::take(Micros patience) noexcept {
  const auto result = lock_within(table_.lock, patience);
  held_ = result == 0 || result == EOWNERDEAD;
  if (result == EOWNERDEAD) {
    repair(LockedTable(table_), *this);
    // Behind the repair: if this process dies in it, the next one gets EOWNERDEAD again.
    pthread_mutex_consistent(&table_.lock);
  }
  if (held_ && table_.returned_top.load() != 0) collect(LockedTable(table_), *this);
}

Lock::~Lock() {
  while (held_) {
    // With the lock: if this process dies before it has rung, repair() rings.
    if (rings_ != 0) wakeups_.ring(std::exchange(rings_, 0));
    pthread_mutex_unlock(&table_.lock);
    // Those who could not get the lock have left their permits to this process.
    if (!any_announced(table_)) return;
    take(0);
  }
}

}  // namespace wsflow::limits
