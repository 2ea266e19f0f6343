#include "mod_wsflow/limits/wait_list.hpp"

#include <utility>

namespace wsflow::limits {

namespace {

void link(Table& table, WaitList& list, Index before, Index waiter, Index after) noexcept {
  auto& links = table.waiters[waiter - 1];
  links.before = before;
  links.after = after;
  (before != 0 ? table.waiters[before - 1].after : list.first) = waiter;
  (after != 0 ? table.waiters[after - 1].before : list.last) = waiter;
}

}  // namespace

void enlist(Table& table, Index entry, Index waiter) noexcept {
  auto& list = table.entries[entry - 1].list;
  const auto ticket = table.waiters[waiter - 1].ticket;
  table.waiters[waiter - 1].at = entry;
  // Those that come are the youngest, those that come from another list are mostly among the oldest.
  if (list.last == 0 || table.waiters[list.last - 1].ticket < ticket) {
    link(table, list, list.last, waiter, 0);
    return;
  }
  auto after = list.first;
  while (table.waiters[after - 1].ticket < ticket) after = table.waiters[after - 1].after;
  link(table, list, table.waiters[after - 1].before, waiter, after);
}

void delist(Table& table, Index waiter) noexcept {
  auto& links = table.waiters[waiter - 1];
  auto& list = table.entries[std::exchange(links.at, 0) - 1].list;
  (links.before != 0 ? table.waiters[links.before - 1].after : list.first) = links.after;
  (links.after != 0 ? table.waiters[links.after - 1].before : list.last) = links.before;
}

}  // namespace wsflow::limits
