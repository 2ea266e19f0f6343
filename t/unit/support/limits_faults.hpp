#pragma once

#include <string>

#include "mod_wsflow/limits/table.hpp"

namespace wsflow::test {

// What is wrong in a table that nobody changes: counts and lists that differ from what the permits, waiters
// and entries say, or a waiter that could be granted; empty: nothing.
std::string faults(limits::Table& table, limits::Micros now);
// Whether nobody holds anything or waits.
bool is_unused(const limits::Table& table);

}  // namespace wsflow::test
