#pragma once

#include <span>

#include "mod_wsflow/limits/key.hpp"
#include "mod_wsflow/limits/need.hpp"
#include "mod_wsflow/limits/slot_wakeups.hpp"
#include "mod_wsflow/limits/table.hpp"

namespace wsflow::limits {

// Where a limit stands in the table, as definitions.hpp tells it.
struct LimitHandle {
  std::uint32_t number = 0;  // kNowhere: it found no room
  std::uint32_t serial = 0;  // of the limit that had the number then
};
inline constexpr std::uint32_t kNowhere = 0xFFFFFFFF;

// What a request needs of one limit.
struct Demand {
  std::uint32_t limit = 0;   // its number; kNowhere: refused
  Key key;                   // of the empty text where the limit has no key=
  std::uint32_t serial = 0;  // another limit that has the number by now is not meant; 0: whichever has it
};

// How a request that finds no permit may wait.
enum class Waiting : std::uint8_t { never, parked, on_thread };

struct LimitRefusal {
  std::uint32_t limit = 0;  // the first that refuses
  LimitReason reason = LimitReason::concurrency;
  std::uint32_t retry_after =
      1;                      // seconds in which, at the measured pace, a permit is to be expected; spread
  bool log = false;           // this one may be logged
  std::uint64_t skipped = 0;  // how many were not, since the last
  Need need = {};             // of its limit; filled where it may be logged
};

struct Answer {
  PermitState state = PermitState::free;  // held: go on; waiting; free: refused
  Index permit = 0;                       // of held and waiting; 0 with held: nothing limits the request
  Micros wait_until = 0;                  // of waiting: when to withdraw
  LimitRefusal refused;                   // of free
  std::uint32_t would_refuse = 0;         // bits of the demands that refused, but for dry-run
};

// A process's way to the limits. The limits are in shared memory and survive it.
class Limiter {
 public:
  // `slot` is the number of the process's slot; with kNoSlot (parent) it may do everything but acquire.
  // `wakeups` are borrowed.
  static constexpr std::uint32_t kNoSlot = 0xFFFFFFFF;
  Limiter(Table& table, std::uint32_t slot, const SlotWakeups& wakeups) noexcept
      : table_(table), slot_(slot), wakeups_(wakeups) {}

  Table& table() const noexcept { return table_; }
  const SlotWakeups& wakeups() const noexcept { return wakeups_; }

  // Takes a permit of every demand's limit or of none. Any worker thread; may wait for the lock, a second at
  // most. At most kPerRequest demands.
  Answer acquire(std::span<const Demand> demands, Waiting waiting, Micros now) noexcept;

  // Of a permit of this process. Any thread, no lock.
  PermitState state(Index permit) const noexcept;
  // Ends the wait of a permit and counts it as refused for `reason`; `refused` is filled. False if it was
  // granted in the meantime: then it is held.
  bool withdraw(Index permit, LimitReason reason, Micros now, LimitRefusal& refused) noexcept;
  // Grants what has become due in the lists in which `waiting` (permits of this process) stand; when the
  // next may be due because of a rate, or 0 if only a release can help. Never waits for the lock.
  Micros look_after(std::span<const Index> waiting, Micros now) noexcept;

  // Gives a permit back. Any thread, the engine's too: never waits, never allocates.
  void release(Index permit, Micros now) noexcept;
  // The request of a held permit got its first byte, `span` after its grant. Worker thread.
  void first_byte(Index permit, Micros now) noexcept;
  // The origin failed it (502, 503, 504 of its own); to be told before release().
  void failed(Index permit) noexcept;

 private:
  Table& table_;  // borrowed from the segment
  std::uint32_t slot_;
  const SlotWakeups& wakeups_;
};

// Owns one permit. Whoever holds it; release() is safe everywhere.
class PermitLease {
 public:
  PermitLease() noexcept = default;
  PermitLease(Limiter& limiter, Index permit) noexcept
      : limiter_(permit != 0 ? &limiter : nullptr), permit_(permit) {}
  PermitLease(PermitLease&& other) noexcept;
  PermitLease& operator=(PermitLease&& other) noexcept;
  ~PermitLease();
  explicit operator bool() const noexcept { return limiter_ != nullptr; }
  Index permit() const noexcept { return permit_; }
  Limiter* limiter() const noexcept { return limiter_; }

 private:
  Limiter* limiter_ = nullptr;  // borrowed; lives as long as the process
  Index permit_ = 0;
};

// Now, as Micros.
Micros now() noexcept;

}  // namespace wsflow::limits
