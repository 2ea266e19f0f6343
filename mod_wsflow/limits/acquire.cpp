#include <algorithm>
#include <array>
#include <limits>

#include "mod_wsflow/limits/count_refusal.hpp"
#include "mod_wsflow/limits/entries.hpp"
#include "mod_wsflow/limits/grant.hpp"
#include "mod_wsflow/limits/limiter.hpp"
#include "mod_wsflow/limits/lock.hpp"
#include "mod_wsflow/limits/permits.hpp"
#include "mod_wsflow/os/random.hpp"

namespace wsflow::limits {

namespace {

// An acquisition, with the lock.
class Acquisition {
 public:
  Acquisition(Table& table, Lock& lock, std::uint32_t slot, Waiting waiting, Micros now) noexcept
      : table_(table), lock_(lock), slot_(slot), waiting_(waiting), now_(now) {}

  Answer run(std::span<const Demand> demands) noexcept;
  // Of a refusal.
  const Outlook& outlook() const noexcept { return outlook_; }

 private:
  LimitRecord& limit_of(Index entry) const noexcept {
    return table_.limits[table_.entries[entry - 1].limit - 1];
  }

  void find_entries(std::span<const Demand> demands) noexcept;
  void judge() noexcept;
  void hold_or_wait() noexcept;
  bool may_wait() noexcept;
  void refuse_by(std::uint32_t limit, Index entry, LimitReason reason) noexcept;
  void refuse_unknown(std::uint32_t limit) noexcept;
  bool is_gone(const Demand& demand) const noexcept;

  Table& table_;
  Lock& lock_;
  const std::uint32_t slot_;
  const Waiting waiting_;
  const Micros now_;
  std::array<Index, kPerRequest> entries_{};
  std::array<std::size_t, kPerRequest> demand_of_{};
  std::size_t count_ = 0;       // of entries
  std::uint32_t short_of_ = 0;  // bits of entries
  bool refused_ = false;
  Answer answer_;
  Outlook outlook_;
};

Answer Acquisition::run(std::span<const Demand> demands) noexcept {
  find_entries(demands);
  if (!refused_) judge();
  if (!refused_) hold_or_wait();
  return answer_;
}

void Acquisition::find_entries(std::span<const Demand> demands) noexcept {
  for (std::size_t i = 0; i < demands.size(); ++i) {
    const auto number = demands[i].limit;
    const bool again = std::any_of(demands.begin(), demands.begin() + static_cast<std::ptrdiff_t>(i),
                                   [number](const Demand& each) { return each.limit == number; });
    if (again) continue;
    if (number >= kLimits) {
      refuse_unknown(number);
      return;
    }
    if (is_gone(demands[i])) continue;
    auto& limit = table_.limits[number];
    ++limit.arrivals;
    ++limit.rolling.at(now_).arrivals;
    if (const auto entry = obtain_entry(table_, number, demands[i].key, now_); entry != 0) {
      forgive(table_, entry, now_);
      demand_of_[count_] = i;
      entries_[count_++] = entry;
    } else if (limit.defined.dry_run) {
      ++limit.dry_refused;
      answer_.would_refuse |= 1U << i;
    } else if (limit.defined.fail_open) {
      ++limit.keys_ignored;
    } else if (!refused_) {
      refuse_by(number, 0, LimitReason::keys_full);
    }
  }
}

void Acquisition::judge() noexcept {
  // What has become due meanwhile belongs to those who wait.
  for (std::size_t i = 0; i < count_; ++i) {
    if (table_.entries[entries_[i] - 1].list.first != 0 && !is_short(table_, entries_[i], now_))
      grant_entry(table_, lock_, entries_[i], now_);
  }
  for (std::size_t i = 0; i < count_; ++i) {
    if (!is_full(table_, entries_[i]) && !is_early(table_, entries_[i], now_)) continue;
    if (auto& limit = limit_of(entries_[i]); limit.defined.dry_run) {
      ++limit.dry_refused;
      answer_.would_refuse |= 1U << demand_of_[i];
    } else {
      short_of_ |= 1U << i;
    }
  }
}

void Acquisition::hold_or_wait() noexcept {
  if (count_ == 0) {
    answer_.state = PermitState::held;
    return;
  }
  if (short_of_ != 0 && !may_wait()) return;
  const Claim claim{.owner = slot_ + 1,
                    .entries = std::span(entries_).first(count_),
                    .short_of = short_of_,
                    .on_thread = waiting_ == Waiting::on_thread};
  const auto state = short_of_ == 0 ? PermitState::held : PermitState::waiting;
  answer_.permit = state == PermitState::held ? hold(table_, claim, now_) : wait(table_, claim, now_);
  if (answer_.permit != 0) {
    answer_.state = state;
  } else {
    refuse_by(table_.entries[entries_[0] - 1].limit - 1, entries_[0], LimitReason::unavailable);
  }
}

// If not, refuses.
bool Acquisition::may_wait() noexcept {
  auto longest = std::numeric_limits<Micros>::max();
  Index first = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    if ((short_of_ >> i & 1U) == 0) continue;
    const auto entry = entries_[i];
    const auto number = table_.entries[entry - 1].limit - 1;
    const auto& limit = table_.limits[number];
    if (waiting_ == Waiting::never || limit.defined.acquire == 0 || limit.now.queue == 0) {
      refuse_by(number, entry, is_full(table_, entry) ? LimitReason::concurrency : LimitReason::rate);
      return false;
    }
    if (table_.entries[entry - 1].waiting >= limit.now.queue) {
      refuse_by(number, entry, LimitReason::queue_full);
      return false;
    }
    if (first == 0) first = entry;
    longest = std::min(longest, limit.defined.acquire);
  }
  const bool no_thread = waiting_ == Waiting::on_thread && table_.threads_waiting >= table_.thread_share;
  if (no_thread || !can_wait(table_)) {
    refuse_by(table_.entries[first - 1].limit - 1, first, LimitReason::queue_full);
    return false;
  }
  answer_.wait_until = now_ + longest;
  return true;
}

void Acquisition::refuse_by(std::uint32_t limit, Index entry, LimitReason reason) noexcept {
  refused_ = true;
  outlook_ = refuse(table_, limit, entry, reason, now_, answer_.refused);
}

// A limit that found no room in the table counts nothing, so it lets nothing pass.
void Acquisition::refuse_unknown(std::uint32_t limit) noexcept {
  refused_ = true;
  answer_.refused.limit = limit;
  answer_.refused.reason = LimitReason::unavailable;
  answer_.refused.log = true;
}

// The newest configuration does not have it, and nobody holds it: only a process of an older one asks.
bool Acquisition::is_gone(const Demand& demand) const noexcept {
  const auto& limit = table_.limits[demand.limit];
  return limit.used == LimitRecord::kFree || (demand.serial != 0 && demand.serial != limit.serial);
}

}  // namespace

Answer Limiter::acquire(std::span<const Demand> demands, Waiting waiting, Micros now) noexcept {
  Answer answer;
  Outlook outlook;
  if (demands.empty()) {
    answer.state = PermitState::held;
    return answer;
  }
  if (Lock lock(table_, wakeups_, slot_ != kNoSlot ? Lock::kPatience : 0); lock && slot_ != kNoSlot) {
    Acquisition acquisition(table_, lock, slot_, waiting, now);
    answer = acquisition.run(demands.first(std::min(demands.size(), kPerRequest)));
    outlook = acquisition.outlook();
  } else {
    answer.refused.limit = demands.front().limit;
    answer.refused.reason = LimitReason::unavailable;
    answer.refused.log = true;
  }
  // Without the lock: the random number is a call of the system.
  if (answer.state == PermitState::free) answer.refused.retry_after = retry_after(outlook, os::random32());
  return answer;
}

}  // namespace wsflow::limits
