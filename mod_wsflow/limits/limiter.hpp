#pragma once

#include <span>
#include <vector>

#include "mod_wsflow/limits/key.hpp"
#include "mod_wsflow/limits/need.hpp"
#include "mod_wsflow/limits/slot_wakeups.hpp"
#include "mod_wsflow/limits/table.hpp"

namespace wsflow::limits {

// A limit in the table, as define() tells it.
struct LimitHandle {
  LimitNumber number{};      // none: the table had no room for it
  std::uint32_t serial = 0;  // of the limit that had the number then
};

// A request needs a permit of a limit.
struct Demand {
  LimitNumber limit{};       // none: it is refused
  Key key;                   // of the empty text where the limit has no key=
  std::uint32_t serial = 0;  // of that limit: no other one that has got the number is meant; 0: any
};

// The way in which a request that finds no permit may wait.
enum class Waiting : std::uint8_t { never, parked, on_thread };

struct LimitRefusal {
  LimitNumber limit{};  // the first that refuses
  LimitReason reason = LimitReason::concurrency;
  std::uint32_t retry_after = 1;  // seconds until a permit is to be expected at the measured pace; spread
  bool log = false;               // whether it may be logged
  std::uint64_t skipped = 0;      // refusals that were not logged since the last one
  Need need = {};                 // of its limit; filled where it may be logged
};

struct Answer {
  PermitState state = PermitState::free;  // held: go on; waiting; free: refused
  PermitRef permit{};                     // of held and waiting; none with held: nothing limits the request
  Micros wait_until = 0;                  // of waiting: when to withdraw
  LimitRefusal refused;                   // of free
  std::uint32_t would_refuse = 0;         // bits of the demands that refused, but for dry-run
};

// The limits for a process that holds no permits: it reads, defines and changes them. They are in shared
// memory and survive every process.
class LimitsAccess {
 public:
  // Both are borrowed: of the segment, and of the process.
  LimitsAccess(Table& table, const SlotWakeups& wakeups) noexcept : table_(table), wakeups_(wakeups) {}

  Table& table() const noexcept { return table_; }
  const SlotWakeups& wakeups() const noexcept { return wakeups_; }

 protected:
  Table& table_;
  const SlotWakeups& wakeups_;
};

// The limits for a process that has a slot, and so may hold permits.
class Limiter : public LimitsAccess {
 public:
  // `slot` is the number of the process's slot.
  Limiter(Table& table, std::uint32_t slot, const SlotWakeups& wakeups) noexcept
      : LimitsAccess(table, wakeups), slot_(slot) {}

  // Takes a permit of every demand's limit or of none. Any worker thread; may wait for the lock, a second at
  // most. At most kPerRequest demands.
  Answer acquire(std::span<const Demand> demands, Waiting waiting, Micros now) noexcept;

  // The state of a permit of this process. Any thread, without the lock.
  PermitState state(PermitRef ref) const noexcept;
  // Ends the wait of a permit, counts it as refused for `reason`, and fills `refused`; with `timeout`, if it
  // could only wait for the database: for what its key lacks. False: it was granted in the meantime, and is
  // held.
  bool withdraw(PermitRef ref, LimitReason reason, Micros now, LimitRefusal& refused) noexcept;
  // Grants what has become due in the lists in which `waiting`, permits of this process, stand. Returns when
  // the next may be due because of a rate, or 0 if only a release can help. Puts those into `denied`, which
  // has room for all, that have waited for the database in vain: they are to be withdrawn (`timeout`). Never
  // waits for the lock.
  Micros look_after(std::span<const PermitRef> waiting, Micros now,
                    std::vector<PermitRef>* denied = nullptr) noexcept;

  // Gives a permit back; nothing for none. Any thread, the engine's too: never waits, never allocates.
  void release(PermitRef ref, Micros now) noexcept;
  // The request of a held permit has got its first byte. Worker thread.
  void first_byte(PermitRef ref, Micros now) noexcept;
  // The origin failed the request of a permit (502, 503, 504 of its own). Comes before release().
  void failed(PermitRef ref) noexcept;
  // A policy ended the tunnel of a permit: what comes under its keys is refused for the limits' penalty.
  // Comes before release(). Any thread.
  void punish(PermitRef ref) noexcept;

 private:
  std::uint32_t slot_;
};

// Owns one permit. Its holder may be any thread: release() is safe everywhere.
class PermitLease {
 public:
  PermitLease() noexcept = default;
  PermitLease(Limiter& limiter, PermitRef permit) noexcept
      : limiter_(permit ? &limiter : nullptr), permit_(permit) {}
  PermitLease(PermitLease&& other) noexcept;
  PermitLease& operator=(PermitLease&& other) noexcept;
  ~PermitLease();
  explicit operator bool() const noexcept { return limiter_ != nullptr; }
  PermitRef permit() const noexcept { return permit_; }
  Limiter* limiter() const noexcept { return limiter_; }
  // Leaves it to the caller to make a lease of the permit again.
  PermitRef release() noexcept;

 private:
  Limiter* limiter_ = nullptr;  // borrowed; lives as long as the process
  PermitRef permit_{};
};

Micros now() noexcept;

}  // namespace wsflow::limits
