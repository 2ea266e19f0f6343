#include "mod_wsflow/presence/registry.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include "mod_wsflow/os/digest.hpp"

namespace wsflow::presence {

// Its key stands behind it. All of it is written with the registry's mutex.
class Interval {
 public:
  static Interval* make(std::string_view key) {
    void* memory = ::operator new(sizeof(Interval) + key.size());
    auto* interval = ::new (memory) Interval;
    interval->key_size = static_cast<std::uint16_t>(key.size());
    key.copy(static_cast<char*>(memory) + sizeof(Interval), key.size());
    return interval;
  }
  static void free(Interval* interval) noexcept {
    std::destroy_at(interval);
    ::operator delete(static_cast<void*>(interval));
  }
  std::string_view key() const noexcept {
    return {reinterpret_cast<const char*>(this) + sizeof(Interval), key_size};
  }

  Interval* next = nullptr;    // in its bucket
  Interval* before = nullptr;  // in the queue
  Interval* behind = nullptr;
  Time opened = 0;
  Time closed = 0;  // 0: it has sockets; else when the last of them went
  std::uint64_t bytes = 0;
  std::uint32_t sockets = 0;
  std::uint32_t most = 0;
  std::uint32_t told_sockets = 0;  // as the store knows them, or will by what is on its way
  std::uint32_t waits_since = 0;   // seconds since 1970
  std::uint32_t hash = 0;          // once it is over: the number of the full sending before
  std::uint16_t list = 0;
  std::uint16_t key_size = 0;
  std::uint32_t holds = 0;  // entries of the list's `held`; only the last of them counts
  bool over : 1 = false;    // closed for good: the table knows it no more
  bool queued : 1 = false;
  bool sending : 1 = false;
  bool lost : 1 = false;     // it is only freed when it comes back from its way
  bool in_full : 1 = false;  // the full sending waits for it
  bool gone : 1 = false;     // nobody knows it but `held`

 private:
  Interval() = default;
};

namespace {

constexpr std::size_t kFirstBuckets = 16;
// The highest bits of a hash choose the shard, the lowest the bucket.
constexpr unsigned kShardShift = 26;
constexpr Time kSecond = 1'000'000;

std::uint32_t seconds(Time time) noexcept {
  return static_cast<std::uint32_t>(time / kSecond);
}

}  // namespace

Registry::Registry(std::array<std::uint64_t, 2> secret, std::size_t most_closed)
    : secret_(secret), most_closed_(most_closed) {}

Registry::~Registry() {
  const base::MutexLock lock(mutex_);
  for (auto& known : lists_) {
    for (const auto& hold : known.held) {
      if (hold.interval->gone && --hold.interval->holds == 0) Interval::free(hold.interval);
    }
  }
  while (first_ != nullptr) {
    auto* interval = first_;
    unlink(*interval);
    if (interval->over && !interval->sending) Interval::free(interval);
  }
  for (auto* interval : on_their_way_) {
    if (interval->over) Interval::free(interval);
  }
  for (auto& shard : shards_) {
    for (auto* interval : shard.buckets) {
      while (interval != nullptr) Interval::free(std::exchange(interval, interval->next));
    }
  }
}

std::optional<std::uint16_t> Registry::number_of(const List& list) {
  const auto known = numbers_.find({list.name, list.route});
  if (known != numbers_.end()) return known->second;
  if (lists_.size() > std::numeric_limits<std::uint16_t>::max()) return std::nullopt;
  const auto number = static_cast<std::uint16_t>(lists_.size());
  const auto& kept = lists_.emplace_back(KnownList{.list = list, .held = {}}).list;
  numbers_.emplace(std::pair<std::string_view, std::string_view>(kept.name, kept.route), number);
  return number;
}

std::uint32_t Registry::hash(std::uint16_t list, std::string_view key) const noexcept {
  const std::array<std::uint64_t, 3> secret{secret_[0], secret_[1], list};
  return static_cast<std::uint32_t>(os::digest128(secret, key)[0]);
}

void Registry::grow(Shard& shard) {
  std::vector<Interval*> larger(std::max(kFirstBuckets, shard.buckets.size() * 2));
  for (auto* interval : shard.buckets) {
    while (interval != nullptr) {
      auto& bucket = larger[interval->hash & (larger.size() - 1)];
      auto* rest = interval->next;
      interval->next = bucket;
      bucket = interval;
      interval = rest;
    }
  }
  shard.buckets.swap(larger);
}

// The interval of a key; a new one without a socket if the key has none.
Interval* Registry::open(std::uint16_t list, std::string_view key, Time now) {
  const auto hash = this->hash(list, key);
  auto& shard = shards_[hash >> kShardShift];
  if (shard.size == shard.buckets.size()) grow(shard);
  auto& bucket = shard.buckets[hash & (shard.buckets.size() - 1)];
  for (auto* known = bucket; known != nullptr; known = known->next) {
    if (known->hash == hash && known->list == list && known->key() == key) return known;
  }
  auto* interval = Interval::make(key);
  interval->hash = hash;
  interval->list = list;
  interval->opened = now;
  interval->next = bucket;
  bucket = interval;
  ++shard.size;
  ++counts_.keys;
  ++counts_.joins;
  return interval;
}

void Registry::remove(Interval& interval) noexcept {
  auto& shard = shards_[interval.hash >> kShardShift];
  auto** at = &shard.buckets[interval.hash & (shard.buckets.size() - 1)];
  while (*at != &interval) at = &(*at)->next;
  *at = interval.next;
  --shard.size;
  --counts_.keys;
}

// Returns whether nothing waited before.
bool Registry::enqueue(Interval& interval, Time now) noexcept {
  if (interval.queued) return false;
  const bool first = first_ == nullptr;
  interval.queued = true;
  interval.before = last_;
  interval.behind = nullptr;
  (first ? first_ : last_->behind) = &interval;
  last_ = &interval;
  interval.waits_since = seconds(now);
  ++counts_.waiting;
  return first;
}

void Registry::unlink(Interval& interval) noexcept {
  (interval.before != nullptr ? interval.before->behind : first_) = interval.behind;
  (interval.behind != nullptr ? interval.behind->before : last_) = interval.before;
  interval.queued = false;
  --counts_.waiting;
}

void Registry::finish_full(Interval& interval) noexcept {
  if (!interval.in_full) return;
  interval.in_full = false;
  --full_left_;
}

Interval* Registry::join(const List& list, std::string_view key, Time now, bool& first_waits) {
  key = key.substr(0, std::numeric_limits<std::uint16_t>::max());
  const base::MutexLock lock(mutex_);
  const bool none_waits = first_ == nullptr;
  first_waits = false;
  const auto number = number_of(list);
  if (!number) return nullptr;
  auto* interval = open(*number, key, now);
  // Its grace is over, and the writer was in the store meanwhile.
  if (interval->holds != 0 && interval->sockets == 0 && interval->closed + list.grace < now) {
    close(*interval, now);
    interval = open(*number, key, now);
  }
  interval->closed = 0;
  ++interval->sockets;
  interval->most = std::max(interval->most, interval->sockets);
  ++counts_.sockets;
  if (interval->sockets != interval->told_sockets) enqueue(*interval, now);
  first_waits = none_waits && first_ != nullptr;
  return interval;
}

void Registry::leave(Interval* interval, std::uint64_t bytes, Time now, bool& first_waits) noexcept {
  const base::MutexLock lock(mutex_);
  interval->bytes += bytes;
  --interval->sockets;
  --counts_.sockets;
  first_waits = false;
  if (interval->sockets != 0) {
    first_waits = interval->sockets != interval->told_sockets && enqueue(*interval, now);
    return;
  }
  interval->closed = std::max(now, interval->opened + 1);
  auto& known = lists_[interval->list];
  try {
    known.held.push_back({.interval = interval, .closed = interval->closed});
    ++interval->holds;
    // The writer, if it sleeps, must learn when to look.
    first_waits = known.held.size() == 1;
  } catch (const std::bad_alloc&) {
    if (interval->holds == 0) close(*interval, now);
  }
}

// Its grace is over.
void Registry::close(Interval& interval, Time now) noexcept {
  remove(interval);
  ++counts_.leaves;
  interval.over = true;
  if (closed_waiting_ >= most_closed_) {
    lose(interval);
    return;
  }
  ++closed_waiting_;
  interval.hash = full_;
  enqueue(interval, now);
}

void Registry::lose(Interval& interval) noexcept {
  ++counts_.lost;
  needs_full_ = true;
  if (interval.queued) unlink(interval);
  finish_full(interval);
  interval.lost = true;
  if (!interval.sending) release(interval);
}

void Registry::release(Interval& interval) noexcept {
  interval.gone = interval.holds != 0;
  if (!interval.gone) Interval::free(&interval);
}

Time Registry::close_held(Time now, bool all) noexcept {
  Time next = 0;
  const base::MutexLock lock(mutex_);
  for (auto& [list, held] : lists_) {
    while (!held.empty()) {
      const auto [interval, closed] = held.front();
      if (!all && closed + list.grace > now) {
        if (next == 0 || closed + list.grace < next) next = closed + list.grace;
        break;
      }
      held.pop_front();
      if (--interval->holds != 0) continue;
      if (interval->gone) {
        Interval::free(interval);
      } else if (!interval->over && interval->sockets == 0) {
        close(*interval, now);
      }
    }
  }
  return next;
}

std::size_t Registry::take_rows(std::size_t most, void (*append)(void* to, const Row& row), void* to) {
  std::size_t taken = 0;
  while (taken < most) {
    const base::MutexLock lock(mutex_);
    const auto slice = std::min({most - taken, kSlice, static_cast<std::size_t>(counts_.waiting)});
    on_their_way_.reserve(on_their_way_.size() + slice);
    for (std::size_t i = 0; i < slice && first_ != nullptr; ++i, ++taken) {
      auto& interval = *first_;
      unlink(interval);
      ++counts_.waiting;  // it still waits for its answer
      interval.sending = true;
      on_their_way_.push_back(&interval);
      // A key that is held has no socket; for the store it still has one.
      const auto sockets = interval.over ? 0U : std::max(interval.sockets, 1U);
      interval.told_sockets = sockets;
      append(to, {.list = &lists_[interval.list].list,
                  .key = interval.key(),
                  .opened = interval.opened,
                  .closed = interval.over ? interval.closed : 0,
                  .sockets = sockets,
                  .most = interval.most,
                  .bytes = interval.bytes});
    }
    if (first_ == nullptr) break;
  }
  return taken;
}

void Registry::sent(bool stored) noexcept {
  const base::MutexLock lock(mutex_);
  counts_.waiting -= on_their_way_.size();
  for (auto* interval : on_their_way_) {
    interval->sending = false;
    if (interval->lost) {
      release(*interval);
    } else if (!stored) {
      enqueue(*interval, static_cast<Time>(interval->waits_since) * kSecond);
    } else {
      finish_full(*interval);
      if (!interval->over || interval->queued) continue;
      --closed_waiting_;
      if (interval->hash != full_) --closed_before_;
      release(*interval);
    }
  }
  on_their_way_.clear();
}

std::uint32_t Registry::begin_full(Time now) noexcept {
  std::uint32_t number = 0;
  {
    const base::MutexLock lock(mutex_);
    number = ++full_;
    closed_before_ = closed_waiting_;
    full_runs_ = true;
    needs_full_ = false;
  }
  for (std::size_t i = 0; i < kShards; ++i) {
    const base::MutexLock lock(mutex_);
    for (auto* interval : shards_[i].buckets) {
      for (; interval != nullptr; interval = interval->next) {
        if (!interval->in_full) ++full_left_;
        interval->in_full = true;
        enqueue(*interval, now);
      }
    }
  }
  return number;
}

bool Registry::full_is_done() noexcept {
  const base::MutexLock lock(mutex_);
  if (!full_runs_ || full_left_ != 0 || closed_before_ != 0) return false;
  full_runs_ = false;
  return true;
}

bool Registry::needs_full() const noexcept {
  const base::MutexLock lock(mutex_);
  return needs_full_;
}

RegistryCounts Registry::counts() const noexcept {
  const base::MutexLock lock(mutex_);
  auto counts = counts_;
  const auto* oldest = !on_their_way_.empty() ? on_their_way_.front() : first_;
  counts.oldest = oldest != nullptr ? static_cast<Time>(oldest->waits_since) * kSecond : 0;
  return counts;
}

}  // namespace wsflow::presence
