#pragma once

#include "mod_wsflow/limits/locked_table.hpp"

namespace wsflow::limits {

// The list of an entry: waiters in the order of their tickets.

// Puts a waiter into the list of an entry, where its ticket belongs.
void enlist(LockedTable table, EntryRef entry, WaiterRef waiter) noexcept;
// Takes a waiter out of its list.
void delist(LockedTable table, WaiterRef waiter) noexcept;

}  // namespace wsflow::limits
