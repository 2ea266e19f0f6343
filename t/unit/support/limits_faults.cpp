#include "t/unit/support/limits_faults.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "mod_wsflow/limits/entries.hpp"
#include "mod_wsflow/limits/grant.hpp"
#include "mod_wsflow/limits/permits.hpp"
#include "mod_wsflow/limits/recoverable.hpp"

namespace wsflow::test {

namespace {

using limits::EntryRef;
using limits::LimitNumber;
using limits::PermitRef;
using limits::PermitState;
using limits::WaiterRef;

struct Counts {
  std::uint32_t in_use = 0;
  std::uint32_t waiting = 0;
  std::uint32_t wanted = 0;
  std::uint32_t keys = 0;
  friend bool operator==(const Counts&, const Counts&) = default;
};

class Inspection {
 public:
  Inspection(limits::LockedTable table, limits::Micros now) : table_(table), now_(now) {}

  std::string run() {
    for (std::uint32_t i = 0; i < table_->entries_seen; ++i) {
      if (const auto limit = table_->entries[i].limit) ++limits_[limit].keys;
    }
    for (std::uint32_t i = 0; i < table_->permits_seen; ++i) look_at_permit(PermitRef::of(i));
    for (std::uint32_t i = 0; i < table_->entries_seen; ++i) look_at_entry(EntryRef::of(i));
    for (std::size_t i = 0; i < std::size(table_->limits); ++i) look_at_limit(LimitNumber::of(i));
    std::uint32_t live = 0;
    for (std::uint32_t i = 0; i < table_->waiters_seen; ++i) live += table_->waiters[i].permit ? 1 : 0;
    expect(live == waiters_, "waiters without a permit");
    expect(listed_ == waiters_, "waiters that stand in no list");
    expect(table_->threads_waiting == threads_, "threads that wait");
    look_at_free();
    return text_;
  }

 private:
  void expect(bool good, const std::string& what) {
    if (!good) text_ += what + "; ";
  }

  void look_at_permit(PermitRef ref) {
    const auto& each = table_[ref];
    const auto state = state_of(each);
    if (state == PermitState::free) {
      ++free_permits_;
      return;
    }
    const bool waits{each.waiter};
    expect(waits || state != PermitState::waiting, "a permit that waits without a waiter");
    if (waits) {
      ++waiters_;
      expect(table_[each.waiter].permit == ref, "a waiter of somebody else");
      threads_ += table_[each.waiter].holds_thread;
    }
    const auto entries = limits::entries_of(each);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      auto& counts = entries_[entries[i]];
      auto& sums = limits_[table_[entries[i]].limit];
      expect(static_cast<bool>(table_[entries[i]].limit), "a permit of a forgotten entry");
      if (!waits) {
        ++counts.in_use;
        ++sums.in_use;
        continue;
      }
      ++counts.wanted;
      if ((table_[each.waiter].short_of >> i & 1U) == 0) continue;
      ++counts.waiting;
      ++sums.waiting;
    }
  }

  void look_at_entry(EntryRef ref) {
    const auto& each = table_[ref];
    if (!each.limit) {
      ++free_entries_;
      return;
    }
    const Counts counts{each.in_use, each.waiting, each.wanted, 0};
    expect(counts == entries_[ref], "counts of an entry");
    bool found = false;
    for (auto i = limits::bucket_of(table_, each); i; i = table_[i].next) found = found || i == ref;
    expect(found, "an entry that is not found");
    if (each.in_use == 0 && each.wanted == 0) idle_[each.limit].insert(ref);
    WaiterRef before{};
    for (auto i = each.list.first; i && listed_ <= waiters_; before = i, i = table_[i].after) {
      ++listed_;
      expect(table_[i].at == ref && table_[i].before == before, "links of a list");
      expect(!before || table_[before].ticket < table_[i].ticket, "order of a list");
    }
    expect(each.list.last == before, "end of a list");
    expect(!before || limits::is_short(table_, ref, now_), "somebody waits in vain");
  }

  void look_at_limit(LimitNumber number) {
    const auto& each = table_[number];
    const Counts counts{each.in_use, each.waiting, 0, each.keys};
    expect(counts == limits_[number], "counts of a limit");
    auto idle = idle_[number];
    EntryRef idler{};
    for (auto i = each.idlest; i; idler = i, i = table_[i].fresher) {
      if (idle.erase(i) == 0 || table_[i].idler != idler) {
        expect(false, "links of the idle ones");
        break;
      }
    }
    expect(idle.empty() && each.newest_idle == idler, "an idle entry that is not known as such");
  }

  template <class Ref>
  std::uint32_t length(Ref first, std::uint32_t most) {
    std::uint32_t count = 0;
    for (auto i = first; i && count <= most; i = table_[i].next) ++count;
    return count;
  }
  void look_at_free() {
    expect(length(table_->free_permit, free_permits_) == free_permits_, "free permits");
    expect(length(table_->free_entry, free_entries_) == free_entries_, "free entries");
    const auto free_waiters = table_->waiters_seen - waiters_;
    expect(length(table_->free_waiter, free_waiters) == free_waiters, "free waiters");
  }

  const limits::LockedTable table_;
  const limits::Micros now_;
  std::map<EntryRef, Counts> entries_;
  std::map<LimitNumber, Counts> limits_;
  std::map<LimitNumber, std::set<EntryRef>> idle_;
  std::uint32_t waiters_ = 0;
  std::uint32_t listed_ = 0;
  std::uint32_t threads_ = 0;
  std::uint32_t free_permits_ = 0;
  std::uint32_t free_entries_ = 0;
  std::string text_;
};

}  // namespace

std::string faults(limits::Table& table, limits::Micros now) {
  const limits::SlotWakeups silent;
  const limits::Lock lock(table, silent, 0);
  if (!lock) return "the table is locked";
  return Inspection(lock.table(), now).run();
}

bool is_unused(const limits::Table& table) {
  return std::all_of(std::begin(table.limits), std::end(table.limits),
                     [](const auto& limit) { return limit.in_use == 0 && limit.waiting == 0; }) &&
         std::all_of(table.permits, table.permits + table.permits_seen,
                     [](const auto& permit) { return state_of(permit) == PermitState::free; });
}

}  // namespace wsflow::test
