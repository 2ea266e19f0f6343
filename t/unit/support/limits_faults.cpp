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

using limits::Index;
using limits::PermitState;

struct Counts {
  std::uint32_t in_use = 0;
  std::uint32_t waiting = 0;
  std::uint32_t wanted = 0;
  std::uint32_t keys = 0;
  friend bool operator==(const Counts&, const Counts&) = default;
};

class Inspection {
 public:
  Inspection(limits::Table& table, limits::Micros now) : table_(table), now_(now) {}

  std::string run() {
    for (Index i = 1; i <= table_.entries_seen; ++i) {
      if (entry(i).limit != 0) ++limits_[entry(i).limit].keys;
    }
    for (Index i = 1; i <= table_.permits_seen; ++i) look_at_permit(i);
    for (Index i = 1; i <= table_.entries_seen; ++i) look_at_entry(i);
    for (Index i = 1; i <= limits::kLimits + 1; ++i) look_at_limit(i);
    std::uint32_t live = 0;
    for (Index i = 1; i <= table_.waiters_seen; ++i) live += waiter(i).permit != 0 ? 1 : 0;
    expect(live == waiters_, "waiters without a permit");
    expect(listed_ == waiters_, "waiters that stand in no list");
    expect(table_.threads_waiting == threads_, "threads that wait");
    look_at_free();
    return text_;
  }

 private:
  limits::Entry& entry(Index i) { return table_.entries[i - 1]; }
  limits::Waiter& waiter(Index i) { return table_.waiters[i - 1]; }
  limits::PermitRecord& permit(Index i) { return table_.permits[i - 1]; }
  void expect(bool good, const std::string& what) {
    if (!good) text_ += what + "; ";
  }

  void look_at_permit(Index index) {
    const auto& each = permit(index);
    const auto state = state_of(each);
    if (state == PermitState::free) {
      ++free_permits_;
      return;
    }
    const bool waits = each.waiter != 0;
    expect(waits || state != PermitState::waiting, "a permit that waits without a waiter");
    if (waits) {
      ++waiters_;
      expect(waiter(each.waiter).permit == index, "a waiter of somebody else");
      threads_ += waiter(each.waiter).holds_thread;
    }
    const auto entries = limits::entries_of(each);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      auto& counts = entries_[entries[i]];
      auto& sums = limits_[entry(entries[i]).limit];
      expect(entry(entries[i]).limit != 0, "a permit of a forgotten entry");
      if (!waits) {
        ++counts.in_use;
        ++sums.in_use;
        continue;
      }
      ++counts.wanted;
      if ((waiter(each.waiter).short_of >> i & 1U) == 0) continue;
      ++counts.waiting;
      ++sums.waiting;
    }
  }

  void look_at_entry(Index index) {
    const auto& each = entry(index);
    if (each.limit == 0) {
      ++free_entries_;
      return;
    }
    const Counts counts{each.in_use, each.waiting, each.wanted, 0};
    expect(counts == entries_[index], "counts of an entry");
    bool found = false;
    for (auto i = limits::bucket_of(table_, each); i != 0; i = entry(i).next) found = found || i == index;
    expect(found, "an entry that is not found");
    if (each.in_use == 0 && each.wanted == 0) idle_[each.limit].insert(index);
    Index before = 0;
    for (auto i = each.list.first; i != 0 && listed_ <= waiters_; before = i, i = waiter(i).after) {
      ++listed_;
      expect(waiter(i).at == index && waiter(i).before == before, "links of a list");
      expect(before == 0 || waiter(before).ticket < waiter(i).ticket, "order of a list");
    }
    expect(each.list.last == before, "end of a list");
    expect(before == 0 || limits::is_short(table_, index, now_), "somebody waits in vain");
  }

  void look_at_limit(Index index) {
    const auto& each = table_.limits[index - 1];
    const Counts counts{each.in_use, each.waiting, 0, each.keys};
    expect(counts == limits_[index], "counts of a limit");
    auto idle = idle_[index];
    Index idler = 0;
    for (auto i = each.idlest; i != 0; idler = i, i = entry(i).fresher) {
      if (idle.erase(i) == 0 || entry(i).idler != idler) {
        expect(false, "links of the idle ones");
        break;
      }
    }
    expect(idle.empty() && each.newest_idle == idler, "an idle entry that is not known as such");
  }

  template <class Record>
  std::uint32_t length(const Record* records, Index first, std::uint32_t most) {
    std::uint32_t count = 0;
    for (auto i = first; i != 0 && count <= most; i = records[i - 1].next) ++count;
    return count;
  }
  void look_at_free() {
    expect(length(table_.permits, table_.free_permit, free_permits_) == free_permits_, "free permits");
    expect(length(table_.entries, table_.free_entry, free_entries_) == free_entries_, "free entries");
    const auto free_waiters = table_.waiters_seen - waiters_;
    expect(length(table_.waiters, table_.free_waiter, free_waiters) == free_waiters, "free waiters");
  }

  limits::Table& table_;
  const limits::Micros now_;
  std::map<Index, Counts> entries_;
  std::map<Index, Counts> limits_;
  std::map<Index, std::set<Index>> idle_;
  std::uint32_t waiters_ = 0;
  std::uint32_t listed_ = 0;
  std::uint32_t threads_ = 0;
  std::uint32_t free_permits_ = 0;
  std::uint32_t free_entries_ = 0;
  std::string text_;
};

}  // namespace

std::string faults(limits::Table& table, limits::Micros now) {
  return Inspection(table, now).run();
}

bool is_unused(const limits::Table& table) {
  return std::all_of(std::begin(table.limits), std::end(table.limits),
                     [](const auto& limit) { return limit.in_use == 0 && limit.waiting == 0; }) &&
         std::all_of(table.permits, table.permits + table.permits_seen,
                     [](const auto& permit) { return state_of(permit) == PermitState::free; });
}

}  // namespace wsflow::test
