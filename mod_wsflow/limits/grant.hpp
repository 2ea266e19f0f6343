#pragma once

#include "mod_wsflow/limits/lock.hpp"

namespace wsflow::limits {

// Who gets what is free. All of this with the lock.
//
// Each waiter stands in one list: that of an entry which has no room for it. When the entry has room again,
// its list is walked, oldest first: whoever finds room at all its entries is granted, and whoever is blocked
// at another one goes to the list there, at its place by age. So whoever is in a list cannot be granted while
// the entry has no room, a newcomer takes nothing that an older one could have used, and nobody is looked at
// in vain twice.

// All permits of an entry are taken; its next admission is not due yet; either, but for limits with dry-run.
bool is_full(const Table& table, Index entry) noexcept;
bool is_early(const Table& table, Index entry, Micros now) noexcept;
bool is_short(const Table& table, Index entry, Micros now) noexcept;
// The first entry of a permit that has no room for it; 0: none.
Index blocked_at(const Table& table, const PermitRecord& permit, Micros now) noexcept;

// Grants what finds room, in the list of an entry or, after a change of a limit, in all of its lists.
void grant_entry(Table& table, Lock& lock, Index entry, Micros now) noexcept;
void grant_limit(Table& table, Lock& lock, std::uint32_t limit, Micros now) noexcept;
// Frees a permit, whether it waits or is held, and grants what that makes room for.
void give_back(Table& table, Lock& lock, Index permit, Micros now) noexcept;

}  // namespace wsflow::limits
