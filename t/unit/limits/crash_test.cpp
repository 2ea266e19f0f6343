#include <unistd.h>

#include <cstring>

#include "mod_wsflow/limits/lock.hpp"
#include "mod_wsflow/limits/reap.hpp"
#include "mod_wsflow/limits/repair.hpp"
#include "t/unit/support/child_process.hpp"
#include "t/unit/support/limits_rig.hpp"
#include "t/unit/support/step_through.hpp"

using namespace wsflow;
using limits::kSecond;
using limits::PermitState;
using test::keyed;
using test::limit;

namespace {

std::vector<limits::LimitDefinition> sample_limits() {
  return {limit("all", {.concurrency = 2, .queue = 10}, kSecond),
          keyed(limit("each", {.concurrency = 1, .queue = 10}, kSecond), 2)};
}

}  // namespace

TEST_CASE("whoever gets the lock of a dead process puts the table right, and tells all", "[limits][crash]") {
  test::LimitsRig rig(sample_limits());
  const limits::SlotWakeups wakeups(limits::SlotWakeups::open());
  REQUIRE(wakeups.fd(2) >= 0);
  rig.hold(rig.two, 0);
  const auto given = rig.hold(rig.one, 0);
  const auto waiting = rig.wait(rig.two, {rig.demand(1, "x"), rig.demand(0)});
  test::ChildProcess dies([&] {
    const limits::Lock lock(*rig.table, rig.wakeups, 0);
    rig.one.release(given, rig.now);
    rig.table->limits[0].in_use = 7;
    rig.table->limits[1].keys = 8;
    rig.table->entries[0].list = {};
    rig.table->free_permit = {};
    return ::raise(SIGKILL) == 0;
  });
  REQUIRE_FALSE(dies.ended_well());
  limits::Limiter limiter(*rig.table, 3, wakeups);
  CHECK(rig.acquire(limiter, {rig.demand(1, "y")}).state == PermitState::held);
  CHECK(rig.holds(rig.two, waiting));
  CHECK(rig.in_use(0) == 2);
  CHECK(rig.faults() == "");
  std::uint64_t rung = 0;
  CHECK(::read(wakeups.fd(2), &rung, sizeof rung) == sizeof rung);
}

#ifdef WSFLOW_STEPS

namespace {

// The part of the table in which the test moves, but for the lock and what follows from the rest; whether it
// was news.
bool copy(limits::Table& to, const limits::Table& from) {
  bool news = false;
  const auto part = [&](const void* begin, std::size_t size) {
    const auto offset = static_cast<const std::byte*>(begin) - reinterpret_cast<const std::byte*>(&from);
    auto* target = reinterpret_cast<std::byte*>(&to) + offset;
    if (std::memcmp(target, begin, size) == 0) return;
    std::memcpy(target, begin, size);
    news = true;
  };
  constexpr std::size_t kRecords = 8;
  part(&from.secret, offsetof(limits::Table, returned_bits) - offsetof(limits::Table, secret));
  part(from.returned_bits, sizeof(from.returned_bits[0]));
  part(from.limits, 2 * sizeof(limits::LimitRecord));
  part(from.waiters, kRecords * sizeof(limits::Waiter));
  part(from.entries, kRecords * sizeof(limits::Entry));
  part(from.permits, kRecords * sizeof(limits::PermitRecord));
  return news;
}

// What the next one does who gets the lock, then what is done for the dead process, number 1; the living one,
// number 2, keeps what it has.
std::string recover(limits::Table& table, limits::PermitRef kept, limits::Micros now) {
  const limits::SlotWakeups wakeups;
  {
    limits::Lock lock(table, wakeups, 0);
    if (!lock) return "locked";
    limits::repair(lock.table(), lock);
  }
  if (auto wrong = test::faults(table, now); !wrong.empty()) return "after the repair: " + wrong;
  if (!limits::reap(table, wakeups, 1, 0)) return "not reaped";
  if (auto wrong = test::faults(table, now); !wrong.empty()) return "after reaping: " + wrong;
  limits::Limiter living(table, 2, wakeups);
  if (living.state(kept) != PermitState::held) return "a permit of the living was lost";
  if (table.limits[0].in_use != 1 || table.limits[1].in_use != 1) return "the dead process still counts";
  const limits::Demand demand{.limit = limits::LimitNumber::of(0), .key = {}};
  const auto more = living.acquire(std::span(&demand, 1), limits::Waiting::parked, now);
  if (more.state != PermitState::held) return "what is free is not to be had";
  for (const auto permit : {more.permit, kept}) living.release(permit, now);
  return test::is_unused(table) ? test::faults(table, now) : "not all was given back";
}

}  // namespace

// All that a process does with its permits, instruction by instruction: at each one a copy of the table shows
// what would be if the process were killed there.
TEST_CASE("a process may be killed at any instruction", "[limits][crash]") {
  test::LimitsTable last;
  test::LimitsTable killed;
  test::LimitsRig rig(sample_limits());
  // The clock goes on while the test steps.
  rig.now = limits::now();
  const auto all = rig.demand(0);
  const auto x = rig.demand(1, "x");
  const auto kept = rig.acquire(rig.two, {all, x}).permit;
  std::uint64_t states = 0;
  std::vector<std::string> wrong;
  const auto dies = [&] {
    auto& one = rig.one;
    const auto get = [&](std::vector<limits::Demand> demands) { return rig.acquire(one, demands).permit; };
    const auto first = get({all, rig.demand(1, "y")});
    const auto second = get({all});
    const auto third = get({x, all});
    const auto fourth = get({all});
    one.release(first, rig.now);
    limits::LimitRefusal refused;
    if (!one.withdraw(third, limits::LimitReason::timeout, rig.now, refused)) return false;
    if (one.state(second) != PermitState::held || one.state(fourth) != PermitState::waiting) return false;
    // The key "y" is forgotten for this one.
    const auto fifth = get({rig.demand(1, "z")});
    {
      const limits::Lock lock(*rig.table, rig.wakeups, 0);
      one.release(second, rig.now);
    }
    for (const auto permit : {fourth, fifth}) one.release(permit, rig.now);
    return rig.in_use(0) == 1 && rig.in_use(1) == 1;
  };
  const bool ended = test::step_through(dies, [&] {
    if (!copy(*last, *rig.table)) return;
    ++states;
    copy(*killed, *rig.table);
    if (auto text = recover(*killed, kept, rig.now); !text.empty()) wrong.push_back(std::move(text));
  });
  REQUIRE(ended);
  CHECK(states > 200);
  CHECK(wrong == std::vector<std::string>{});
}

#endif
