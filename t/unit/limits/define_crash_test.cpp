// A child may be killed while it puts the limits of its configuration into force.
#include <cstring>
#include <vector>

#include "mod_wsflow/limits/burial.hpp"
#include "mod_wsflow/limits/lock.hpp"
#include "mod_wsflow/limits/repair.hpp"
#include "t/unit/support/limits_rig.hpp"
#include "t/unit/support/step_through.hpp"

#ifdef WSFLOW_STEPS

using namespace wsflow;
using limits::LimitNumber;
using limits::LimitRecord;
using limits::PermitState;
using test::limit;

namespace {

// The part of the table in which the tests move, but for the lock and what follows from the rest; whether it
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
  part(&from.secret, offsetof(limits::Table, returned_top) - offsetof(limits::Table, secret));
  part(from.limits, kRecords * sizeof(limits::LimitRecord));
  part(from.limits + limits::kBuried.number(), sizeof(limits::LimitRecord));
  part(from.entries, kRecords * sizeof(limits::Entry));
  part(from.permits, kRecords * sizeof(limits::PermitRecord));
  return news;
}

void repair(limits::Table& table) {
  const limits::SlotWakeups wakeups;
  limits::Lock lock(table, wakeups, 0);
  if (lock) limits::repair(lock.table(), lock);
}

// Steps through `body` in a process of its own, and looks with `recover` at what a kill would leave.
template <class Body, class Recover>
std::vector<std::string> kill_at_each_step(test::LimitsRig& rig, Body&& body, Recover&& recover) {
  test::LimitsTable last;
  test::LimitsTable killed;
  std::vector<std::string> wrong;
  const bool ended = test::step_through(body, [&] {
    if (!copy(*last, *rig.table)) return;
    copy(*killed, *rig.table);
    repair(*killed);
    auto text = test::faults(*killed, rig.now);
    if (text.empty()) text = recover(*killed);
    if (!text.empty()) wrong.push_back(std::move(text));
  });
  REQUIRE(ended);
  return wrong;
}

}  // namespace

TEST_CASE("a child may be killed while it defines the limits", "[limits][crash][definitions]") {
  test::LimitsRig rig({limit("stays", {.concurrency = 2}), limit("goes", {.concurrency = 2})});
  const limits::PermitRef kept[] = {rig.hold(rig.two, 0), rig.hold(rig.two, 1)};
  const std::vector<limits::LimitDefinition> next{limit("stays", {.concurrency = 5}),
                                                  limit("new", {.concurrency = 1})};
  const auto wrong = kill_at_each_step(
      rig, [&] { return test::define(rig.one, next, 2, 10, rig.now); },
      [&](limits::Table& table) -> std::string {
        limits::Limiter other(table, 4, rig.wakeups);
        std::vector<limits::LimitHandle> places(next.size());
        if (!limits::define(other, next, 2, limits::Arrival::steady, 10, rig.now, places))
          return "the next one cannot define";
        if (table[places[0].number].now.concurrency != 5) return "the old value";
        if (std::string_view(table[places[1].number].defined.name) != "new") return "another name";
        if (table.limits[0].in_use != 1 || table.limits[1].in_use != 1) return "what is held is not counted";
        for (const auto permit : kept) other.release(permit, rig.now);
        return test::is_unused(table) ? test::faults(table, rig.now) : "not all was given back";
      });
  CHECK(wrong == std::vector<std::string>{});
}

TEST_CASE("a child may be killed while it buries a limit", "[limits][crash][definitions]") {
  test::LimitsRig rig({test::keyed(limit("old", {.concurrency = 2})), limit("other", {.concurrency = 2})});
  const limits::PermitRef kept[] = {rig.hold(rig.two, 0, "x"), rig.hold(rig.two, 0, "y"),
                                    rig.hold(rig.two, 1)};
  rig.two.release(rig.hold(rig.two, 0, "idle"), rig.now);
  REQUIRE(test::define(rig.one, {}, 2, 10, rig.now));
  const auto wrong = kill_at_each_step(
      rig,
      [&] {
        const limits::Lock lock(*rig.table, rig.wakeups, 0);
        if (!lock) return false;
        return limits::bury_one(lock.table(), rig.now) == LimitNumber::of(0);
      },
      [&](limits::Table& table) -> std::string {
        const auto& buried = table[limits::kBuried];
        if (buried.in_use + table.limits[0].in_use != 2 || table.limits[1].in_use != 1)
          return "a count is lost";
        {
          const limits::Lock lock(table, rig.wakeups, 0);
          if (!lock) return "locked";
          if (table.limits[0].used != LimitRecord::kFree &&
              limits::bury_one(lock.table(), rig.now) != LimitNumber::of(0))
            return "no place";
        }
        if (auto text = test::faults(table, rig.now); !text.empty()) return "after the next burial: " + text;
        if (buried.in_use != 2) return "not buried";
        limits::Limiter other(table, 2, rig.wakeups);
        for (const auto permit : kept) other.release(permit, rig.now);
        return test::is_unused(table) ? test::faults(table, rig.now) : "not all was given back";
      });
  CHECK(wrong == std::vector<std::string>{});
}

#endif
