#pragma once

#include "mod_wsflow/limits/key.hpp"
#include "mod_wsflow/limits/locked_table.hpp"

namespace wsflow::limits {

// The entries of the limits: found by key, made when they are needed, forgotten only while they hold nothing.

// Nothing is held of it, and nobody waits for it.
inline bool is_idle(const Entry& entry) noexcept {
  return entry.in_use == 0 && entry.wanted == 0;
}

// The entry of a key, or none.
EntryRef find_entry(LockedTable table, LimitNumber limit, const Key& key) noexcept;
// The entry of a key, made if there is none. None: the limit has as many as it may, and needs them all.
EntryRef obtain_entry(LockedTable table, LimitNumber limit, const Key& key, Micros now) noexcept;
// wake_entry() comes before something is counted in an entry, rest_entry() after something was taken from it:
// an entry without anything is idle, and may be forgotten.
void wake_entry(LockedTable table, EntryRef ref) noexcept;
void rest_entry(LockedTable table, EntryRef ref) noexcept;
// Forgets the entries of a limit that hold nothing and have no waiter; those of which the database of the
// cluster knows are given back there first, or are left to it.
enum class Noted : std::uint8_t { kept, dropped };
void drop_entries(LockedTable table, LimitNumber limit, Noted noted) noexcept;
// Gives an entry, which is in use and has no waiter, to another limit.
void move_entry(LockedTable table, EntryRef ref, LimitNumber limit) noexcept;

// The chain of entries in which find_entry() looks for an entry; link_entry() puts one there.
EntryRef& bucket_of(LockedTable table, const Entry& entry) noexcept;
void link_entry(LockedTable table, EntryRef ref) noexcept;

}  // namespace wsflow::limits
