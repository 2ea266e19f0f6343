#pragma once

#include <span>

#include "mod_wsflow/limits/gcra.hpp"
#include "mod_wsflow/limits/table.hpp"

namespace wsflow::limits {

// The life of a permit: free, perhaps waiting, held, free; and what the entries and limits count of it. All
// of this with the lock.

// The load of a limit is counted up to `now`: before anything of it changes.
void pass_time(LimitRecord& limit, Micros now) noexcept;

// The rate that a limit, whose rate is not 0, lets through now.
Gcra gcra_of(const LimitRecord& limit, Micros now) noexcept;
// The limit lets more through than at `before`, its rate until now (0: any): so do all its entries, at once.
void quicken(Table& table, std::uint32_t limit, double before, Micros now) noexcept;
// Before an entry is judged: nothing is left of what it owed at a rate that was lower.
void forgive(Table& table, Index entry, Micros now) noexcept;

// Who wants a permit of which entries.
struct Claim {
  std::uint32_t owner = 0;  // number of the slot + 1
  std::span<const Index> entries;
  std::uint32_t short_of = 0;  // bits of those that have no room; 0 with hold()
  bool on_thread = false;      // a worker thread waits with it
};
// A permit; 0: there are no more records.
Index hold(Table& table, const Claim& claim, Micros now) noexcept;
Index wait(Table& table, const Claim& claim, Micros now) noexcept;
// Whether there is a record for another one who waits.
bool can_wait(const Table& table) noexcept;
// The waiter's permit is held from now on. False: its process has withdrawn it, and only end_wait() is left.
bool grant(Table& table, Index waiter, Micros now) noexcept;
// Free a permit; a wait that has ended so, was for the entry which it returns.
Index end_wait(Table& table, Index permit, Micros now) noexcept;
void end_hold(Table& table, Index permit, Micros now) noexcept;

// Puts a record among the free ones.
void free_permit(Table& table, Index permit) noexcept;
void free_waiter(Table& table, Index waiter) noexcept;

// The entries that a permit has.
inline std::span<const Index> entries_of(const PermitRecord& permit) noexcept {
  std::size_t count = 0;
  while (count < kPerRequest && permit.entries[count] != 0) ++count;
  return {permit.entries, count};
}

}  // namespace wsflow::limits
