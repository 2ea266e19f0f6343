#include "mod_wsflow/shm/jobs.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "mod_wsflow/shm/labels.hpp"
#include "mod_wsflow/shm/owner.hpp"
#include "mod_wsflow/shm/tunnel_view.hpp"
#include "t/unit/support/shared_segment.hpp"

using namespace wsflow;
using namespace wsflow::shm;

namespace {

// A process that does not run any more.
const std::uint64_t kDead = Owner::make(Owner::self().pid(), Owner::self().ticks() + 1).word;

Job order_for(std::string_view server, std::string_view route, bool drains = false) {
  Job job{};
  job.server = packed<sizeof(job.server)>(server);
  job.route = packed<sizeof(job.route)>(route);
  job.pace = 5;
  job.code = 1012;
  job.drains = drains ? 1 : 0;
  return job;
}

}  // namespace

TEST_CASE("a route is closed by its server and path until it is opened", "[jobs]") {
  test::SharedSegment segment;
  CHECK_FALSE(is_closed(*segment, "a", "/x"));
  CHECK_FALSE(open_route(*segment, "a", "/x"));
  REQUIRE(close_route(*segment, "a", "/x", 1));
  REQUIRE(close_route(*segment, "a", "/x", 2));
  CHECK(is_closed(*segment, "a", "/x"));
  CHECK_FALSE(is_closed(*segment, "b", "/x"));
  CHECK_FALSE(is_closed(*segment, "a", "/y"));
  CHECK(open_route(*segment, "a", "/x"));
  CHECK_FALSE(is_closed(*segment, "a", "/x"));
  CHECK_FALSE(open_route(*segment, "a", "/x"));
}

TEST_CASE("long names of a route are told apart as far as a label has them", "[jobs]") {
  test::SharedSegment segment;
  const std::string name(55, 'n');
  REQUIRE(close_route(*segment, name + "a", "/" + name + "rest", 1));
  CHECK(is_closed(*segment, name + "a", "/" + name));
  CHECK(is_closed(*segment, name + "abc", "/" + name));
  CHECK_FALSE(is_closed(*segment, name + "b", "/" + name));
}

TEST_CASE("only so many routes are closed, and a place is free again", "[jobs]") {
  test::SharedSegment segment;
  for (std::size_t i = 0; i < kClosedRoutes; ++i) REQUIRE(close_route(*segment, "s", std::to_string(i), 1));
  CHECK_FALSE(close_route(*segment, "s", "more", 1));
  CHECK(open_route(*segment, "s", "7"));
  CHECK(close_route(*segment, "s", "more", 1));
  CHECK(is_closed(*segment, "s", "31"));
}

TEST_CASE("a closed route is shown even if nobody has used it", "[jobs]") {
  test::SharedSegment segment;
  intern(*segment, {.server = "s", .route = "/r", .origin = ""});
  CHECK(routes(*segment).empty());
  close_route(*segment, "s", "/r", 1);
  const auto shown = routes(*segment);
  REQUIRE(shown.size() == 1);
  CHECK(shown[0].route == "/r");
  CHECK(shown[0].drained);
}

TEST_CASE("an order stands until it is ended, and only so many do", "[jobs]") {
  test::SharedSegment segment;
  CHECK(jobs(*segment).empty());
  for (std::size_t i = 0; i < kJobs; ++i) REQUIRE(add_job(*segment, order_for("s", "/x"), 100));
  CHECK_FALSE(add_job(*segment, order_for("s", "/x"), 100));
  auto all = jobs(*segment);
  REQUIRE(all.size() == kJobs);
  CHECK(end_job(*segment, all[3]));
  CHECK_FALSE(end_job(*segment, all[3]));
  segment->jobs.slots[3].ended_ms = 77;
  REQUIRE(add_job(*segment, order_for("s", "/y"), 200));
  CHECK(segment->jobs.slots[3].ended_ms == 0);
  // Who had read the one before does not end this one.
  CHECK_FALSE(end_job(*segment, all[3]));
  all = jobs(*segment);
  CHECK(all.size() == kJobs);
  CHECK(unpacked(all[3].reading.facts.route) == "/y");
}

TEST_CASE("a record whose writer has died is free; one that is being written is not", "[jobs]") {
  test::SharedSegment segment;
  for (auto& place : segment->jobs.slots) place.job.state = Owner::self().word;
  CHECK_FALSE(add_job(*segment, order_for("s", "/x"), 100));
  segment->jobs.slots[9].job.state = kDead;
  CHECK(jobs(*segment).empty());
  REQUIRE(add_job(*segment, order_for("s", "/x"), 100));
  const auto all = jobs(*segment);
  REQUIRE(all.size() == 1);
  CHECK(all[0].slot == 9);
  CHECK(all[0].reading.since_us() == 100);
}

TEST_CASE("an order means what was there when it was given, a drained route's what comes late too",
          "[jobs]") {
  test::SharedSegment segment;
  add_job(*segment, order_for("s", "/x"), 100);
  add_job(*segment, order_for("s", "/x", true), 100);
  const auto all = jobs(*segment);
  REQUIRE(all.size() == 2);
  const auto once = selector_of(all[0].reading);
  CHECK(once.server == "s");
  CHECK(once.route == "/x");
  CHECK(once.user.empty());
  CHECK(once.untold);
  CHECK(once.began_until_us == 100);
  CHECK_FALSE(once.id);
  CHECK_FALSE(selector_of(all[1].reading).began_until_us);
}

TEST_CASE("a route has one order to drain it, which is taken back with it", "[jobs]") {
  test::SharedSegment segment;
  close_route(*segment, "s", "/x", 1);
  add_job(*segment, order_for("s", "/x", true), 100);
  add_job(*segment, order_for("s", "/x", true), 200);
  add_job(*segment, order_for("s", "/y", true), 300);
  add_job(*segment, order_for("s", "/x"), 400);
  CHECK(jobs(*segment).size() == 3);
  open_route(*segment, "s", "/x");
  const auto left = jobs(*segment);
  REQUIRE(left.size() == 2);
  CHECK(left[0].reading.since_us() + left[1].reading.since_us() == 700);
}

TEST_CASE("an order selects tunnels by all that it names", "[jobs]") {
  test::SharedSegment segment;
  auto* slot = claim(*segment, Owner::self(), 1, 10);
  REQUIRE(slot != nullptr);
  TunnelRows rows(*segment, *slot);
  const auto open = [&](std::uint64_t id, std::string_view user, std::int64_t started) {
    return rows.open({.id = id,
                      .started_us = 0,
                      .began_us = started,
                      .client = Address::of("192.0.2.1"),
                      .server = "s",
                      .route = "/x",
                      .origin = "ws://o",
                      .user = user});
  };
  const std::string name(63, 'u');
  auto alice = open(1, "alice", 50);
  auto late = open(2, "alice", 150);
  auto first = open(3, name + "1", 50);
  auto second = open(4, name + "2", 50);
  const auto count = [&](const Job& job) {
    add_job(*segment, job, 100);
    const auto all = jobs(*segment);
    const auto matched = tunnels(*segment, {.selector = selector_of(all.back().reading)}).matched;
    end_job(*segment, all.back());
    return matched;
  };
  auto job = order_for("s", "/x");
  CHECK(count(job) == 3);
  job.user = packed<sizeof(job.user)>("alice");
  CHECK(count(job) == 1);
  job.user = packed<sizeof(job.user)>(name + "2");
  CHECK(count(job) == 1);
  job.client = packed<sizeof(job.client)>("192.0.2.2");
  CHECK(count(job) == 0);
  command(*segment, {.id = 1}, 1, Command::close, 1001);
  CHECK(count(order_for("s", "/x")) == 2);
}
