#pragma once

#include <span>

#include "mod_wsflow/limits/gcra.hpp"
#include "mod_wsflow/limits/locked_table.hpp"

namespace wsflow::limits {

// The life of a permit: free, perhaps waiting, held, free; and what the entries and limits count of it.

// Counts the load of a limit up to `now`: comes before each change of its load.
void pass_time(LimitRecord& limit, Micros now) noexcept;

// The rate that is in force now at an entry whose limit has a rate. Of a limit that nodes share it may be 0:
// none may pass.
Gcra gcra_of(LockedTable table, EntryRef entry, Micros now) noexcept;
// Of a limit that nodes do not share.
Gcra own_gcra(const LimitRecord& limit, Micros now) noexcept;
// Converts the entries of a limit whose rate has risen from `before` (0: any rate): none waits any longer
// because of the lower one.
void quicken(LockedTable table, LimitNumber limit, double before, Micros now) noexcept;
// Comes before an entry is judged: drops what the entry owed at a rate that was lower.
void forgive(LockedTable table, EntryRef entry, Micros now) noexcept;

// A wish for a permit of some entries.
struct Claim {
  std::uint32_t owner = 0;  // number of the slot + 1
  std::span<const EntryRef> entries;
  std::uint32_t short_of = 0;  // bits of those that have no room; 0 with hold()
  std::uint32_t asks = 0;      // bits of those where it waits for an answer alone (Waiter)
  bool on_thread = false;      // a worker thread waits with it
};
// A permit; none: there are no more records.
PermitRef hold(LockedTable table, const Claim& claim, Micros now) noexcept;
PermitRef wait(LockedTable table, const Claim& claim, Micros now) noexcept;
// True: there is a record for another waiter.
bool can_wait(LockedTable table) noexcept;
// Turns the permit of a waiter from waiting into held. False: its process has withdrawn it, and only
// end_wait() is left.
bool grant(LockedTable table, WaiterRef ref, Micros now) noexcept;
// Free a permit that waits, or is held. end_wait() returns the entry in whose list it waited.
EntryRef end_wait(LockedTable table, PermitRef ref, Micros now) noexcept;
void end_hold(LockedTable table, PermitRef ref, Micros now) noexcept;

// Put a record among the free ones.
void free_permit(LockedTable table, PermitRef ref) noexcept;
void free_waiter(LockedTable table, WaiterRef ref) noexcept;

// The entries of a permit.
inline std::span<const EntryRef> entries_of(const PermitRecord& permit) noexcept {
  std::size_t count = 0;
  while (count < kPerRequest && permit.entries[count]) ++count;
  return {permit.entries, count};
}

}  // namespace wsflow::limits
