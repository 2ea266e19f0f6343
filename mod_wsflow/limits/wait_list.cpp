#include "mod_wsflow/limits/wait_list.hpp"

#include <utility>

namespace wsflow::limits {

namespace {

void link(LockedTable table, WaitList& list, WaiterRef before, WaiterRef waiter, WaiterRef after) noexcept {
  auto& links = table[waiter];
  links.before = before;
  links.after = after;
  (before ? table[before].after : list.first) = waiter;
  (after ? table[after].before : list.last) = waiter;
}

}  // namespace

void enlist(LockedTable table, EntryRef entry, WaiterRef waiter) noexcept {
  auto& list = table[entry].list;
  const auto ticket = table[waiter].ticket;
  table[waiter].at = entry;
  // A newcomer is the youngest; a waiter from another list is mostly among the oldest.
  if (!list.last || table[list.last].ticket < ticket) {
    link(table, list, list.last, waiter, {});
    return;
  }
  auto after = list.first;
  while (table[after].ticket < ticket) after = table[after].after;
  link(table, list, table[after].before, waiter, after);
}

void delist(LockedTable table, WaiterRef waiter) noexcept {
  auto& links = table[waiter];
  auto& list = table[std::exchange(links.at, EntryRef())].list;
  (links.before ? table[links.before].after : list.first) = links.after;
  (links.after ? table[links.after].before : list.last) = links.before;
}

}  // namespace wsflow::limits
