#pragma once

#include "mod_wsflow/limits/lock.hpp"

namespace wsflow::limits {

// Grants free permits to waiters, oldest first.
//
// Each waiter stands in one list: that of an entry which has no room for it. When the entry has room again,
// its list is walked, oldest first: a waiter that finds room at all its entries is granted, and one that is
// blocked at another entry goes to the list there, to its place by age. So no waiter in a list can be granted
// while the entry has no room, a newcomer takes nothing that an older one could have used, and no waiter is
// looked at in vain twice.

// All permits of an entry are taken; its next admission is not due yet; either, but for limits with dry-run.
bool is_full(LockedTable table, EntryRef entry) noexcept;
bool is_early(LockedTable table, EntryRef entry, Micros now) noexcept;
bool is_short(LockedTable table, EntryRef entry, Micros now) noexcept;
// Why an entry is short.
LimitReason reason_at(LockedTable table, EntryRef entry) noexcept;
// The first entry of a permit that has no room for it, or none.
EntryRef blocked_at(LockedTable table, const PermitRecord& permit, Micros now) noexcept;

// Grants what finds room, in the list of an entry or, after a change of a limit, in all of its lists.
void grant_entry(LockedTable table, Lock& lock, EntryRef entry, Micros now) noexcept;
void grant_limit(LockedTable table, Lock& lock, LimitNumber limit, Micros now) noexcept;
// Frees a permit, whether it waits or is held, and grants what that makes room for.
void give_back(LockedTable table, Lock& lock, PermitRef ref, Micros now) noexcept;

}  // namespace wsflow::limits
