#pragma once

#include "mod_wsflow/limits/table.hpp"

namespace wsflow::limits {

// The list of an entry: waiters in the order of their tickets. All of this with the lock.

// Puts a waiter into the list of an entry, where its ticket belongs.
void enlist(Table& table, Index entry, Index waiter) noexcept;
// Takes it out of the list in which it is.
void delist(Table& table, Index waiter) noexcept;

}  // namespace wsflow::limits
