#pragma once

#include "mod_wsflow/limits/key.hpp"
#include "mod_wsflow/limits/table.hpp"

namespace wsflow::limits {

// The entries of the limits: found by key, made when they are needed, forgotten only while they hold nothing.
// All of this with the lock.

// The entry of a key; 0: there is none.
Index find_entry(Table& table, std::uint32_t limit, const Key& key) noexcept;
// The entry of a key, made if there is none; 0: the limit has as many as it may, and needs them all.
Index obtain_entry(Table& table, std::uint32_t limit, const Key& key, Micros now) noexcept;
// Before something is counted in an entry, and after something was taken from it: an entry without anything
// is idle, and may be forgotten.
void wake_entry(Table& table, Index index) noexcept;
void rest_entry(Table& table, Index index) noexcept;
// Forgets all entries of a limit that hold nothing and that nobody waits for.
void drop_entries(Table& table, std::uint32_t limit) noexcept;
// Makes an entry that is in use, and that nobody waits for, another limit's.
void move_entry(Table& table, Index index, std::uint32_t limit) noexcept;

// The chain of entries in which an entry is found, and its being found there.
Index& bucket_of(Table& table, const Entry& entry) noexcept;
void link_entry(Table& table, Index index) noexcept;

}  // namespace wsflow::limits
