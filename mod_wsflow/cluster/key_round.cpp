#include "mod_wsflow/cluster/key_round.hpp"

#include <algorithm>
#include <utility>

#include "mod_wsflow/cluster/key_script.hpp"
#include "mod_wsflow/limits/entries.hpp"
#include "mod_wsflow/limits/grant.hpp"
#include "mod_wsflow/limits/permits.hpp"
#include "mod_wsflow/limits/recoverable.hpp"
#include "mod_wsflow/limits/shared_keys.hpp"

namespace wsflow::cluster {

namespace {

using limits::EntryRef;
using limits::KeyLease;
using limits::KeyList;
using limits::KeyShare;
using limits::LimitNumber;
using limits::LimitRecord;
using limits::Lock;
using limits::LockedTable;

// Requests pass the lock in between.
constexpr Micros kPatience = 20'000;
// A key stands so long in each list before it is told of.
constexpr Micros kTelling = 50'000;
constexpr Micros kResting = limits::kSecond;
// So many keys that only change their list are looked at in one go.
constexpr int kPasses = 1024;
// In the order in which they are told of.
constexpr KeyList kInTurn[] = {KeyList::asking, KeyList::telling, KeyList::resting, KeyList::quiet};

EntryRef first_of(const KeyLease& lease, KeyList list) noexcept {
  return lease.lists[static_cast<std::size_t>(list)].first;
}

// Boot time at which the first key of a list is to be told of.
Micros due(LockedTable table, KeyList list, EntryRef first, const Settings& settings) noexcept {
  const auto& lease = table->cluster.keys;
  const auto& key = limits::key_share(table, first);
  switch (list) {
    case KeyList::asking: return key.since;
    case KeyList::telling: return key.since + kTelling;
    case KeyList::resting: return key.since + kResting;
    // What was told in an earlier term stands before all else.
    case KeyList::quiet: return key.term != lease.term ? 0 : key.told + keep(settings) / 2;
    case KeyList::none: break;
  }
  return 0;
}

// Boot time at which the next request is due for a key. `none`: there is none.
Micros next_key(LockedTable table, const Settings& settings, Micros none) noexcept {
  auto next = none;
  for (const auto list : kInTurn) {
    if (const auto first = first_of(table->cluster.keys, list))
      next = std::min(next, due(table, list, first, settings));
  }
  return next;
}

Micros next_request(LockedTable table, const Settings& settings) noexcept {
  const auto& lease = table->cluster.keys;
  auto next = lease.asked + interval(settings);
  if (lease.tracked != 0) next = std::min(next, lease.asked + kRecallLook);
  return std::min(next, std::max(next_key(table, settings, next), lease.asked + kKeyPause));
}

bool shares_any(LockedTable table) noexcept {
  return table->cluster.keys.tracked != 0 ||
         std::any_of(std::begin(table->limits), std::end(table->limits), [](const LimitRecord& limit) {
           return limit.used == LimitRecord::kConfigured && limits::shares_keys(limit.defined);
         });
}

// The bucket of a key with so many units.
limits::Gcra bucket(const LimitRecord& limit, std::uint32_t units) noexcept {
  const auto ramp = limits::ramp_share(limit.ramp_started, limit.defined.ramp, limits::now());
  return {.rate = limit.share.unit_rate * units * ramp, .burst = units};
}

double tokens_of(LockedTable table, EntryRef ref) noexcept {
  const auto pace = bucket(table[table[ref].limit], limits::key_share(table, ref).units);
  return pace.rate > 0 ? pace.tokens(table[ref].arrival, limits::now()) : 0;
}

// Makes `units`, with so many tokens, this node's share of the rate of a key. At no moment in between has it
// more tokens than before or behind it.
void set_bucket(LockedTable table, EntryRef ref, std::uint32_t units, double tokens) noexcept {
  auto& key = limits::key_share(table, ref);
  auto& entry = table[ref];
  const auto pace = bucket(table[entry.limit], units);
  const auto arrival = pace.rate > 0 ? pace.with_tokens(tokens, limits::now()) : Micros{0};
  if (units < key.units) limits::commit(key.units, units);
  limits::commit(entry.arrival, arrival);
  limits::commit(key.units, units);
}

// How a key is told of.
enum class Telling : std::uint8_t { as_it_is, without_spare, given_back };

// Lowers what this node uses of a key, and returns the tokens that it has no longer.
double lower(LockedTable table, EntryRef ref, Telling how) noexcept {
  auto& key = limits::key_share(table, ref);
  const auto& entry = table[ref];
  if (how == Telling::as_it_is) return 0;
  const bool all = how == Telling::given_back;
  key.permits = all ? 0 : std::min(key.permits, entry.in_use + entry.waiting);
  const auto units = all ? 0 : std::min(key.units, entry.waiting);
  if (units == key.units) return 0;
  const auto tokens = tokens_of(table, ref);
  const auto kept = std::min(tokens, static_cast<double>(units));
  set_bucket(table, ref, units, kept);
  return tokens - kept;
}

// What the node says of a key; from here on it uses no more than that.
KeyAsked ask_for(LockedTable table, EntryRef ref, Telling how, Micros boot) noexcept {
  auto& entry = table[ref];
  auto& key = limits::key_share(table, ref);
  auto& limit = table[entry.limit];
  if (boot >= limits::valid_until(table->cluster.keys, key)) {
    key.permits = 0;
    set_bucket(table, ref, 0, 0);
  }
  KeyAsked asked{};
  asked.handle = {.number = entry.limit, .serial = limit.serial};
  asked.entry = ref;
  std::copy_n(entry.key, 2, asked.key);
  std::copy(std::begin(limit.defined.cluster), std::end(limit.defined.cluster), asked.cluster);
  asked.returned = lower(table, ref, how);
  const auto more = (key.marks & KeyShare::kAsked) != 0 ? std::max(entry.waiting, 1U) : entry.waiting;
  asked.asks = more != 0;
  asked.size = limits::permits_of_all(limit);
  asked.permits = key.permits;
  asked.held = asked.size != 0 ? entry.in_use : 0;
  asked.need = asked.size != 0 ? entry.in_use + more : 0;
  asked.burst = limit.share.unit_rate > 0 ? limits::units_of_all(limit) : 0;
  asked.rate = limit.share.unit_rate * asked.burst;
  if (asked.burst != 0) {
    asked.units = key.units;
    asked.unit_need = more;
    asked.tokens = tokens_of(table, ref);
  }
  if (asked.asks) ++limit.share.keys_asked;
  key.marks &= ~(KeyShare::kAsked | KeyShare::kRecalled);
  return asked;
}

// Takes the first key of a list, of which it is time to tell: out of the list, or into the request.
void take(LockedTable table, KeyList list, EntryRef ref, Micros boot, KeyRequest& request) noexcept {
  const auto& entry = table[ref];
  const auto& limit = table[entry.limit];
  const auto& key = limits::key_share(table, ref);
  if (!limits::shares_keys(limit.defined)) {
    limits::move_key(table, ref, KeyList::none, boot);
    return;
  }
  const bool asked = (key.marks & KeyShare::kAsked) != 0;
  const bool idle = limits::is_idle(entry) && !asked;
  // It has come back meanwhile.
  if (list == KeyList::resting && !idle && !asked && key.term == table->cluster.keys.term) {
    limits::move_key(table, ref, KeyList::quiet, boot);
    return;
  }
  const bool recalled = (key.marks & KeyShare::kRecalled) != 0;
  auto how = recalled ? Telling::without_spare : Telling::as_it_is;
  if (idle && (list == KeyList::resting || recalled || limits::is_crowded(limit) ||
               limit.used != LimitRecord::kConfigured))
    how = Telling::given_back;
  request.keys.push_back(ask_for(table, ref, how, boot));
  // If there is no answer it is told again.
  limits::move_key(table, ref, KeyList::telling, boot);
}

void fill(LockedTable table, const Settings& settings, Micros boot, KeyRequest& request) noexcept {
  int passes = kPasses;
  for (const auto list : kInTurn) {
    for (;;) {
      const auto first = first_of(table->cluster.keys, list);
      if (!first || boot < due(table, list, first, settings)) break;
      if (request.keys.size() == kKeysAtOnce || passes-- == 0) return;
      take(table, list, first, boot, request);
    }
  }
}

// The lease of this node goes on, or begins anew.
void renew(KeyLease& lease, const KeyAnswer& answer, Micros until) noexcept {
  if (answer.term != lease.database_term || lease.term == 0) {
    // If this process is killed in here, what was told before ends too soon.
    lease.until_before = lease.until;
    limits::commit(lease.term_before, lease.term);
    limits::commit(lease.until, Micros{0});
    limits::commit(lease.term, lease.term + 1);
    limits::commit(lease.database_term, answer.term);
  }
  lease.nodes = answer.nodes;
  lease.settling = answer.settled ? 0 : 1;
  limits::commit(lease.until, until);
}

// Ends the waits of those who may wait for the answer alone.
void deny(LockedTable table, Lock& lock, EntryRef ref) noexcept {
  auto& limit = table[table[ref].limit];
  for (auto each = table[ref].list.first; each; each = table[each].after) {
    auto& waiter = table[each];
    const auto& permit = table[waiter.permit];
    const auto entries = limits::entries_of(permit);
    const auto place = std::find(entries.begin(), entries.end(), ref) - entries.begin();
    if ((waiter.asks >> place & 1U) == 0 || (waiter.asks & limits::Waiter::kDenied) != 0) continue;
    waiter.asks |= limits::Waiter::kDenied;
    ++limit.share.keys_denied;
    lock.ring(permit.owner - 1);
  }
}

// True: somebody stands in the list of a key who was not told that he waits in vain.
bool is_waited_for(LockedTable table, EntryRef ref) noexcept {
  for (auto each = table[ref].list.first; each; each = table[each].after) {
    if ((table[each].asks & limits::Waiter::kDenied) == 0) return true;
  }
  return false;
}

// Where a key goes behind an answer.
void put(LockedTable table, EntryRef ref, const KeyAsked& asked, const KeyTold& told, Micros boot) noexcept {
  auto& key = limits::key_share(table, ref);
  const bool noted = told.permits != 0 || told.units != 0 || asked.held != 0 || asked.need != 0 ||
                     asked.unit_need != 0 || asked.permits != 0 || asked.units != 0;
  if (is_waited_for(table, ref)) {
    key.marks |= KeyShare::kAsked;
    // Somebody who came behind the question asks at once.
    const auto list = told.end == KeyEnd::denied     ? KeyList::resting
                      : told.end == KeyEnd::recalled ? KeyList::telling
                                                     : KeyList::asking;
    if (key.list != KeyList::asking || list != KeyList::asking) limits::move_key(table, ref, list, boot);
    return;
  }
  if (key.list == KeyList::asking && (key.marks & KeyShare::kRecalled) != 0) return;
  key.marks &= ~KeyShare::kAsked;
  // Its need has become less since it was asked for: other nodes take the old one for true.
  if (table[ref].in_use + table[ref].waiting < asked.need && asked.size != 0)
    limits::move_key(table, ref, KeyList::asking, boot);
  // The database has noted what this node used until now, as well.
  else if (told.permits < asked.permits || told.units < asked.units)
    limits::move_key(table, ref, KeyList::telling, boot);
  else if (limits::is_idle(table[ref]))
    limits::move_key(table, ref, noted ? KeyList::resting : KeyList::none, boot);
  else
    limits::move_key(table, ref, KeyList::quiet, boot);
}

void apply(LockedTable table, Lock& lock, const KeyRequest& request, const KeyAsked& asked,
           const KeyTold& told, Micros boot) noexcept {
  const auto ref = asked.entry;
  auto& entry = table[ref];
  auto& key = limits::key_share(table, ref);
  // Other processes may have taken the limit away meanwhile.
  if (entry.limit != asked.handle.number || table[entry.limit].serial != asked.handle.serial ||
      !std::equal(entry.key, entry.key + 2, asked.key) || key.list == KeyList::none)
    return;
  const auto tokens = tokens_of(table, ref) + told.tokens;
  key.told = request.began;
  key.need = asked.need;
  // The database has noted as much, whatever of this is done when this process is killed.
  key.permits = told.permits;
  if (asked.burst != 0 || key.units != 0)
    set_bucket(table, ref, told.units, std::min(tokens, static_cast<double>(told.units)));
  limits::commit(key.term, table->cluster.keys.term);
  key.marks &= ~KeyShare::kDenied;
  limits::grant_entry(table, lock, ref, limits::now());
  if (told.end == KeyEnd::denied) {
    key.marks |= KeyShare::kDenied;
    deny(table, lock, ref);
  }
  put(table, ref, asked, told, boot);
}

// Another node needs what this one only keeps of a key.
void hear_recall(LockedTable table, std::string_view name, Micros boot) noexcept {
  NamedKey named{};
  if (!parse_name(name, named)) return;
  limits::Key key;
  std::copy_n(named.key, 2, key.hash);
  for (std::size_t i = 0; i < limits::kLimits; ++i) {
    const auto& limit = table->limits[i];
    if (limit.used == LimitRecord::kFree || !limits::shares_keys(limit.defined) ||
        named.cluster != limit.defined.cluster)
      continue;
    const auto ref = limits::find_entry(table, LimitNumber::of(i), key);
    if (!ref || limits::key_share(table, ref).list == KeyList::none) continue;
    limits::key_share(table, ref).marks |= KeyShare::kRecalled;
    limits::move_key(table, ref, KeyList::asking, boot);
  }
}

}  // namespace

Turn begin_keys(const limits::LimitsAccess& access, std::uint32_t slot, const Settings& settings,
                bool may_ask, Micros boot, KeyRequest& request) {
  request.keys.clear();
  request.keys.reserve(kKeysAtOnce);
  const Lock lock(access.table(), access.wakeups(), kPatience);
  if (!lock) return Turn::stand_by;
  const auto table = lock.table();
  auto& state = table->cluster;
  auto& lease = state.keys;
  if (state.worker != slot + 1) return Turn::stand_by;
  lease.patience = settings.timeout;
  lease.keep = keep(settings) - margin(settings);
  if (!may_ask || !shares_any(table)) return Turn::wait;
  if (lease.asked != 0 && boot < next_request(table, settings)) return Turn::wait;
  state.worker_until = boot + 2 * settings.timeout + limits::kSecond;
  lease.asked = boot;
  request.node[0] = state.node[0];
  request.node[1] = state.node[1];
  request.sequence = ++state.sequence;
  request.began = boot;
  fill(table, settings, boot, request);
  return Turn::ask;
}

Micros next_keys(const limits::LimitsAccess& access, const Settings& settings, Micros boot) noexcept {
  const Lock lock(access.table(), access.wakeups(), kPatience);
  if (!lock) return kKeyPause;
  const auto table = lock.table();
  return shares_any(table) ? std::max(next_request(table, settings) - boot, kKeyPause) : interval(settings);
}

bool finish_keys(const limits::LimitsAccess& access, const Settings& settings, const KeyRequest& request,
                 const KeyAnswer& answer, Micros boot, News& news) noexcept {
  constexpr double kNew = 0.1;  // part of a new time in the smoothed one
  Lock lock(access.table(), access.wakeups(), Lock::kPatience);
  if (!lock) return false;
  const auto table = lock.table();
  auto& state = table->cluster;
  auto& lease = state.keys;
  // Another process has taken over, or this one was stopped meanwhile.
  if (state.sequence != request.sequence || boot - request.began > margin(settings)) return false;
  renew(lease, answer, request.began + settings.lease - margin(settings));
  const auto took = static_cast<double>(boot - request.began);
  lease.answer_us += lease.answer_us == 0 ? took : (took - lease.answer_us) * kNew;
  for (std::size_t i = 0; i < request.keys.size(); ++i)
    apply(table, lock, request, request.keys[i], answer.keys[i], boot);
  for (const auto& name : answer.recalled) hear_recall(table, name, boot);
  news.back = std::exchange(lease.away, 0) != 0 && state.away == 0;
  if (state.away == 0) state.error[0] = '\0';
  state.answered = boot;
  ++state.answers;
  return true;
}

}  // namespace wsflow::cluster
