#include <algorithm>
#include <array>
#include <limits>

#include "mod_wsflow/limits/count_refusal.hpp"
#include "mod_wsflow/limits/entries.hpp"
#include "mod_wsflow/limits/grant.hpp"
#include "mod_wsflow/limits/limiter.hpp"
#include "mod_wsflow/limits/lock.hpp"
#include "mod_wsflow/limits/permits.hpp"
#include "mod_wsflow/limits/shared_keys.hpp"
#include "mod_wsflow/os/random.hpp"

namespace wsflow::limits {

namespace {

// One call of acquire(), with the lock.
class Acquisition {
 public:
  Acquisition(LockedTable table, Lock& lock, std::uint32_t slot, Waiting waiting, Micros now) noexcept
      : table_(table), lock_(lock), slot_(slot), waiting_(waiting), now_(now) {}

  Answer run(std::span<const Demand> demands) noexcept;
  // Of a refusal: what the client has before it.
  const Outlook& outlook() const noexcept { return outlook_; }

 private:
  LimitRecord& limit_of(EntryRef entry) const noexcept { return table_[table_[entry].limit]; }

  void find_entries(std::span<const Demand> demands) noexcept;
  bool refuse_barred(std::size_t demand, EntryRef entry) noexcept;
  void judge() noexcept;
  void hold_or_wait() noexcept;
  bool would_refuse(EntryRef entry, bool asked) const noexcept;
  bool may_wait() noexcept;
  bool may_wait_for_answer(EntryRef entry) const noexcept;
  void refuse_by(LimitNumber limit, EntryRef entry, LimitReason reason) noexcept;
  void refuse_unknown() noexcept;
  bool is_gone(const Demand& demand) const noexcept;

  const LockedTable table_;
  Lock& lock_;
  const std::uint32_t slot_;
  const Waiting waiting_;
  const Micros now_;
  std::array<EntryRef, kPerRequest> entries_{};
  std::array<std::size_t, kPerRequest> demand_of_{};
  std::size_t count_ = 0;       // of entries
  std::uint32_t short_of_ = 0;  // bits of entries
  std::uint32_t asks_ = 0;      // bits of entries where it waits for the answer of the database alone
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
    if (!number) {
      refuse_unknown();
      return;
    }
    if (is_gone(demands[i])) continue;
    auto& limit = table_[number];
    ++limit.arrivals;
    ++limit.rolling.at(now_).arrivals;
    if (const auto entry = obtain_entry(table_, number, demands[i].key, now_)) {
      if (is_barred(table_[entry], now_) && refuse_barred(i, entry)) continue;
      forgive(table_, entry, now_);
      demand_of_[count_] = i;
      entries_[count_++] = entry;
    } else if (limit.defined.dry_run) {
      ++limit.dry_refused;
      answer_.would_refuse |= 1U << i;
    } else if (limit.defined.fail_open) {
      ++limit.keys_ignored;
    } else if (!refused_) {
      refuse_by(number, {}, LimitReason::keys_full);
    }
  }
}

// False: it is only counted, and gets its permit as if it were not barred (dry-run).
bool Acquisition::refuse_barred(std::size_t demand, EntryRef entry) noexcept {
  if (auto& limit = limit_of(entry); limit.defined.dry_run) {
    ++limit.dry_refused;
    answer_.would_refuse |= 1U << demand;
    return false;
  }
  if (!refused_) refuse_by(table_[entry].limit, entry, LimitReason::penalty);
  return true;
}

void Acquisition::judge() noexcept {
  // Room that has come about meanwhile belongs to those who wait.
  for (std::size_t i = 0; i < count_; ++i) {
    if (table_[entries_[i]].list.first && !is_short(table_, entries_[i], now_))
      grant_entry(table_, lock_, entries_[i], now_);
  }
  for (std::size_t i = 0; i < count_; ++i) {
    if (!is_full(table_, entries_[i]) && !is_early(table_, entries_[i], now_)) continue;
    const auto boot = boot_time();
    const bool asked = may_ask(table_, entries_[i], boot);
    if (asked) ask_more(table_, lock_, entries_[i], boot);
    if (auto& limit = limit_of(entries_[i]); limit.defined.dry_run) {
      if (!would_refuse(entries_[i], asked)) continue;
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
                    .asks = asks_,
                    .on_thread = waiting_ == Waiting::on_thread};
  const auto state = short_of_ == 0 ? PermitState::held : PermitState::waiting;
  answer_.permit = state == PermitState::held ? hold(table_, claim, now_) : wait(table_, claim, now_);
  if (answer_.permit) {
    answer_.state = state;
    for (std::size_t i = 0; i < count_; ++i) {
      if ((short_of_ >> i & 1U) != 0) ask_for_waiter(table_, lock_, entries_[i]);
    }
  } else {
    refuse_by(table_[entries_[0]].limit, entries_[0], LimitReason::unavailable);
  }
}

// Of a request that passes in any case (dry-run): by the last answer, as it does not wait for another one.
bool Acquisition::would_refuse(EntryRef entry, bool asked) const noexcept {
  return !asked || (key_share(table_, entry).marks & KeyShare::kDenied) != 0;
}

// True: the database is being asked for more of a key, and as many as it can have at most wait for that.
bool Acquisition::may_wait_for_answer(EntryRef entry) const noexcept {
  if (waiting_ == Waiting::never || !may_ask(table_, entry, boot_time())) return false;
  const auto& limit = limit_of(entry);
  return table_[entry].waiting < std::max(limit.now.concurrency, units_of_all(limit));
}

// False: it has refused.
bool Acquisition::may_wait() noexcept {
  auto longest = std::numeric_limits<Micros>::max();
  EntryRef first{};
  for (std::size_t i = 0; i < count_; ++i) {
    if ((short_of_ >> i & 1U) == 0) continue;
    const auto entry = entries_[i];
    const auto number = table_[entry].limit;
    const auto& limit = table_[number];
    if (!first) first = entry;
    const bool queues = waiting_ != Waiting::never && limit.defined.acquire != 0 && limit.now.queue != 0;
    if (queues && table_[entry].waiting < limit.now.queue) {
      longest = std::min(longest, limit.defined.acquire);
    } else if (may_wait_for_answer(entry)) {
      asks_ |= 1U << i;
      longest = std::min(longest, table_->cluster.keys.patience);
    } else {
      refuse_by(number, entry, queues ? LimitReason::queue_full : reason_at(table_, entry));
      return false;
    }
  }
  const bool no_thread = waiting_ == Waiting::on_thread && table_->threads_waiting >= table_->thread_share;
  if (no_thread || !can_wait(table_)) {
    refuse_by(table_[first].limit, first, LimitReason::queue_full);
    return false;
  }
  answer_.wait_until = now_ + longest;
  return true;
}

void Acquisition::refuse_by(LimitNumber limit, EntryRef entry, LimitReason reason) noexcept {
  refused_ = true;
  outlook_ = refuse(table_, limit, entry, reason, now_, answer_.refused);
}

// A limit that found no room in the table counts nothing, so it lets nothing pass.
void Acquisition::refuse_unknown() noexcept {
  refused_ = true;
  answer_.refused.reason = LimitReason::unavailable;
  answer_.refused.log = true;
}

// True: the newest configuration lacks the limit, and nobody holds it. Only a process of an older one asks.
bool Acquisition::is_gone(const Demand& demand) const noexcept {
  const auto& limit = table_[demand.limit];
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
  if (Lock lock(table_, wakeups_, Lock::kPatience); lock) {
    Acquisition acquisition(lock.table(), lock, slot_, waiting, now);
    answer = acquisition.run(demands.first(std::min(demands.size(), kPerRequest)));
    outlook = acquisition.outlook();
  } else {
    answer.refused.limit = demands.front().limit;
    answer.refused.reason = LimitReason::unavailable;
    answer.refused.log = true;
  }
  // Behind the lock: the random number is a call of the system.
  if (answer.state == PermitState::free) answer.refused.retry_after = retry_after(outlook, os::random32());
  return answer;
}

}  // namespace wsflow::limits
