#include "mod_wsflow/cluster/round.hpp"

#include "t/unit/support/limits_rig.hpp"

using namespace wsflow;
using cluster::News;
using cluster::Request;
using cluster::Settings;
using cluster::Told;
using cluster::Turn;
using limits::kSecond;

namespace {

constexpr Settings kSettings{.lease = 8 * kSecond, .timeout = kSecond};

limits::LimitDefinition shared(limits::LimitSettings settings, std::uint32_t floor = 0) {
  auto definition = test::limit("x", settings);
  std::string_view("app").copy(definition.cluster, limits::kNameSize - 1);
  definition.floor = floor;
  return definition;
}

// A node whose database answers what the test says. Boot time is the real one: shares are judged by it.
struct Rig {
  explicit Rig(const limits::LimitDefinition& definition) : limits({definition}) {}

  const limits::LimitRecord& limit() { return limits.table->limits[0]; }
  Turn begin(limits::Micros later = 0, std::uint32_t slot = 1) {
    return cluster::begin(limits.one, slot, kSettings, true, boot + later, request);
  }
  bool finish(const Told& told, limits::Micros later = 0) {
    return cluster::finish(limits.one, kSettings, request, std::array{told}, boot + later, news);
  }
  limits::Answer ask() { return limits.acquire(limits.one, {limits.demand(0)}, limits::Waiting::never); }

  test::LimitsRig limits;
  limits::Micros boot = limits::boot_time();
  Request request;
  News news;
};

Told grant(std::uint32_t permits) {
  return {.settled = true,
          .nodes = 2,
          .concurrency = 10,
          .permits = permits,
          .others = 0,
          .permits_lacking = 0,
          .burst = 0,
          .units = 0,
          .unit_others = 0,
          .units_lacking = 0,
          .rate = 0};
}

}  // namespace

TEST_CASE("a shared limit admits nothing before the database has granted a share, and no more than that") {
  Rig rig(shared({.concurrency = 10}));
  const auto before = rig.ask();
  CHECK(before.state == limits::PermitState::free);
  CHECK(before.refused.reason == limits::LimitReason::no_share);
  REQUIRE(rig.begin() == Turn::ask);
  CHECK(rig.request.limits.at(0).permits == 0);
  CHECK(rig.request.limits.at(0).permits_want >= 1);
  REQUIRE(rig.finish(grant(2)));
  CHECK(rig.ask().state == limits::PermitState::held);
  CHECK(rig.ask().state == limits::PermitState::held);
  const auto behind = rig.ask();
  CHECK(behind.state == limits::PermitState::free);
  CHECK(behind.refused.reason == limits::LimitReason::concurrency);
  CHECK(rig.limits.faults().empty());
}

TEST_CASE("the lease of a share counts from before the request, less the margin") {
  Rig rig(shared({.concurrency = 10}));
  rig.boot -= 5 * kSecond;
  REQUIRE(rig.begin() == Turn::ask);
  REQUIRE(rig.finish(grant(2), kSecond));
  CHECK(rig.limit().share.until == rig.boot + 6 * kSecond);
  CHECK(rig.ask().state == limits::PermitState::held);
  Rig late(shared({.concurrency = 10}));
  late.boot -= 7 * kSecond;
  REQUIRE(late.begin() == Turn::ask);
  REQUIRE(late.finish(grant(2), kSecond));
  CHECK(late.ask().refused.reason == limits::LimitReason::no_share);
}

TEST_CASE("an answer is not believed when it comes late, or another process has asked meanwhile") {
  Rig rig(shared({.concurrency = 10}));
  REQUIRE(rig.begin() == Turn::ask);
  CHECK_FALSE(rig.finish(grant(2), cluster::margin(kSettings) + 1));
  CHECK(rig.limit().share.until == 0);
  Request other;
  REQUIRE(cluster::begin(rig.limits.two, 2, kSettings, true, rig.boot + kSecond, other) == Turn::stand_by);
  REQUIRE(cluster::begin(rig.limits.two, 2, kSettings, true, rig.boot + 4 * kSecond, other) == Turn::ask);
  CHECK_FALSE(rig.finish(grant(2)));
}

TEST_CASE("a process that leaves hands its turn to the next one") {
  Rig rig(shared({.concurrency = 10}));
  REQUIRE(rig.begin() == Turn::ask);
  CHECK(rig.begin(kSecond, 2) == Turn::stand_by);
  cluster::leave(rig.limits.one, 1);
  CHECK(rig.begin(kSecond, 2) == Turn::ask);
}

TEST_CASE("what is given back is not used from then on, and what is in use is not given back") {
  Rig rig(shared({.concurrency = 100}));
  auto told = grant(90);
  told.concurrency = 100;
  REQUIRE(rig.begin() == Turn::ask);
  REQUIRE(rig.finish(told));
  for (int i = 0; i < 20; ++i) REQUIRE(rig.ask().state == limits::PermitState::held);
  told.permits_lacking = 60;
  REQUIRE(rig.begin(kSecond) == Turn::ask);
  REQUIRE(rig.finish(told, kSecond));
  CHECK(rig.limit().share.permits == 90);
  REQUIRE(rig.begin(2 * kSecond) == Turn::ask);
  CHECK(rig.request.limits.at(0).permits == 20);
  CHECK(rig.request.limits.at(0).held == 20);
  CHECK(rig.limit().share.permits == 20);
  CHECK(rig.ask().state == limits::PermitState::free);
}

TEST_CASE("without a share the floor counts; while the database settles, the larger of both") {
  Rig rig(shared({.concurrency = 10}, 2));
  CHECK(rig.ask().state == limits::PermitState::held);
  CHECK(rig.ask().state == limits::PermitState::held);
  CHECK(rig.ask().refused.reason == limits::LimitReason::no_share);
  REQUIRE(rig.begin() == Turn::ask);
  CHECK(rig.request.limits.at(0).held == 2);
  auto told = grant(3);
  told.settled = false;
  REQUIRE(rig.finish(told));
  CHECK(rig.ask().state == limits::PermitState::held);
  CHECK(rig.ask().refused.reason == limits::LimitReason::no_share);
  REQUIRE(rig.begin(kSecond) == Turn::ask);
  REQUIRE(rig.finish(grant(1), kSecond));
  CHECK(rig.ask().refused.reason == limits::LimitReason::concurrency);
}

TEST_CASE("a waiter is granted what the database gives") {
  auto definition = shared({.concurrency = 10, .queue = 5});
  definition.acquire = 20 * kSecond;
  Rig rig(definition);
  const auto waiting = rig.limits.wait(rig.limits.one, {rig.limits.demand(0)});
  REQUIRE(rig.begin() == Turn::ask);
  CHECK(rig.request.limits.at(0).permits_need == 1);
  REQUIRE(rig.finish(grant(1)));
  CHECK(rig.limits.holds(rig.limits.one, waiting));
}

TEST_CASE("a first share of a rate begins with an empty bucket, and a larger one gets nothing with that") {
  Rig rig(shared({.rate = 10, .burst = 10}));
  auto told = grant(0);
  told.concurrency = 0;
  told.burst = 10;
  told.rate = 10;
  told.units = 5;
  REQUIRE(rig.begin() == Turn::ask);
  REQUIRE(rig.finish(told));
  const auto admit = [&](limits::Micros later) {
    return rig.limits.one
               .acquire(std::array{rig.limits.demand(0)}, limits::Waiting::never, limits::now() + later)
               .state == limits::PermitState::held;
  };
  CHECK_FALSE(admit(0));
  CHECK(admit(kSecond / 4));  // 5 units are 5 a second
  CHECK_FALSE(admit(kSecond / 4));
  told.units = 10;
  REQUIRE(rig.begin(kSecond) == Turn::ask);
  REQUIRE(rig.finish(told, kSecond));
  CHECK_FALSE(admit(0));
  int burst = 0;
  while (burst < 100 && admit(60 * kSecond)) ++burst;
  CHECK(burst == 10);
}

TEST_CASE("failures are told once, and the end of the leases once more") {
  Rig rig(shared({.concurrency = 10}));
  REQUIRE(rig.begin() == Turn::ask);
  REQUIRE(rig.finish(grant(2)));
  News first;
  cluster::fail(rig.limits.one, "gone", rig.boot + kSecond, cluster::Subject::limits, first);
  CHECK(first.away);
  CHECK_FALSE(first.ended);
  News second;
  cluster::fail(rig.limits.one, "gone", rig.boot + 9 * kSecond, cluster::Subject::limits, second);
  CHECK_FALSE(second.away);
  CHECK(second.ended);
  News third;
  cluster::fail(rig.limits.one, "gone", rig.boot + 10 * kSecond, cluster::Subject::limits, third);
  CHECK_FALSE(third.away);
  CHECK_FALSE(third.ended);
  REQUIRE(rig.begin(11 * kSecond) == Turn::ask);
  rig.news = {};
  REQUIRE(rig.finish(grant(2), 11 * kSecond));
  CHECK(rig.news.back);
}

TEST_CASE("a rate that an operator has lifted gives its units back") {
  Rig rig(shared({.concurrency = 10, .rate = 10, .burst = 10}));
  auto told = grant(2);
  told.burst = 10;
  told.rate = 10;
  told.units = 5;
  REQUIRE(rig.begin() == Turn::ask);
  REQUIRE(rig.finish(told));
  CHECK(rig.limit().share.units == 5);
  REQUIRE(limits::change(rig.limits.one, "x", {.concurrency = {}, .queue = {}, .rate = 0, .burst = {}},
                         rig.limits.now));
  REQUIRE(rig.begin(kSecond) == Turn::ask);
  CHECK(rig.request.limits.at(0).units == 0);
  CHECK(rig.request.limits.at(0).burst == 0);
  CHECK(rig.limit().share.units == 0);
}
