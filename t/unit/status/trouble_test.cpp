#include "mod_wsflow/status/trouble.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "t/unit/support/status_model.hpp"

using namespace wsflow;
using status::Fill;
using status::Trouble;

namespace {

// A server on which all is well: a child, a limit with room, an origin, a quiet history.
status::Model calm() {
  status::Model model;
  model.snapshot.sums = {};
  auto& child = model.snapshot.processes.emplace_back();
  child.pid = 100;
  child.kind = shm::ProcessKind::child;
  child.active = 10;
  child.max_tunnels = 100;
  child.descriptors = 50;
  child.descriptors_most = 1024;
  auto& limit = model.limits.emplace_back();
  limit.name = "app";
  limit.configured = true;
  limit.now.concurrency = 20;
  limit.in_use = 5;
  model.origins = {{.balancer = "balancer://chat", .worker = "ws://o:1"}};
  model.workers = {.busy = 2, .idle = 20, .most = 100};
  model.max_buffered = 1000;
  model.history = test::samples(1'700'000'000'000'000, 180);
  for (auto& sample : model.history) sample.values[static_cast<std::size_t>(metrics::Sampled::refused)] = 0;
  return model;
}

// From `from` samples before the newest on, `each` more of something with each.
void raise(status::Model& model, metrics::Sampled what, std::size_t from, std::uint64_t each) {
  const auto begin = model.history.size() - from;
  for (std::size_t i = begin; i < model.history.size(); ++i)
    model.history[i].values[static_cast<std::size_t>(what)] += (i - begin + 1) * each;
}

// The one trouble of a model.
Trouble only(const status::Model& model) {
  const auto found = status::troubles(model);
  REQUIRE(found.size() == 1);
  return found[0];
}

}  // namespace

TEST_CASE("nothing is wrong where nothing is", "[trouble]") {
  CHECK(status::troubles(calm()).empty());
  status::Model empty;
  empty.snapshot.sums = {};
  CHECK(status::troubles(empty).empty());
}

TEST_CASE("what has a bound is nearly full from nine tenths on", "[trouble]") {
  CHECK(status::fill_of(89, 100) == Fill::room);
  CHECK(status::fill_of(90, 100) == Fill::nearly);
  CHECK(status::fill_of(99, 100) == Fill::nearly);
  CHECK(status::fill_of(100, 100) == Fill::full);
  CHECK(status::fill_of(101, 100) == Fill::full);
  CHECK(status::fill_of(0, 1) == Fill::room);
  CHECK(status::fill_of(1, 1) == Fill::full);
  CHECK(status::fill_of(8, 9) == Fill::room);
  CHECK(status::fill_of(5, 0) == Fill::room);
}

TEST_CASE("a full limit is bad where somebody feels it", "[trouble]") {
  auto model = calm();
  auto& limit = model.limits[0];
  limit.in_use = 18;
  CHECK(only(model).what == "Limit app is nearly full");
  CHECK_FALSE(only(model).bad);
  limit.in_use = 20;
  CHECK(only(model).what == "Limit app is full");
  CHECK(only(model).more == "20 of 20 permits");
  CHECK(only(model).part == std::string("limits"));
  CHECK_FALSE(only(model).bad);
  limit.waiting = 1;
  CHECK(only(model).bad);
  CHECK(only(model).more == "20 of 20 permits, 1 request waits");
  limit.waiting = 0;
  limit.refusal_rate = 2.5;
  CHECK(only(model).bad);
  CHECK(only(model).more == "20 of 20 permits, 2.5/s were refused in the last minute");
  limit.defined.dry_run = true;
  CHECK_FALSE(only(model).bad);
  limit.configured = false;
  CHECK(status::troubles(model).empty());
}

TEST_CASE("of a limit with keys its fullest key counts", "[trouble]") {
  auto model = calm();
  auto& limit = model.limits[0];
  limit.defined.keyed = true;
  limit.now.concurrency = 4;
  limit.in_use = 400;
  CHECK(status::troubles(model).empty());
  limit.top_keys.push_back(
      {.text = "<b>", .hash = 1, .in_use = 3, .waiting = 0, .peak = 4, .admitted = 9, .refused = 0});
  CHECK(status::troubles(model).empty());
  limit.top_keys[0].in_use = 4;
  CHECK(only(model).more == "its fullest key has 4 of 4 permits");
  limit.now.concurrency = 0;  // any number
  CHECK(status::troubles(model).empty());
}

TEST_CASE("a limit that nodes share is full when this node's part is", "[trouble]") {
  auto model = calm();
  auto shared = test::shared_limit();
  shared.in_use = 17;
  model.limits = {shared};
  CHECK(only(model).more == "17 of 17 permits");
}

TEST_CASE("a child near its tunnels, and one near its descriptors", "[trouble]") {
  auto model = calm();
  auto& child = model.snapshot.processes[0];
  child.active = 90;
  CHECK(only(model).what == "Little room in child 100");
  CHECK_FALSE(only(model).bad);
  child.active_worker = 10;
  const auto found = status::troubles(model);
  REQUIRE(found.size() == 2);
  CHECK(found[0].bad);
  CHECK(found[0].what == "No room in child 100");
  CHECK(found[1].what == "10 tunnels hold a worker thread");
  child.active_worker = 0;
  child.active = 10;
  child.descriptors = 1000;
  CHECK(only(model).what == "Few descriptors left in child 100");
  CHECK(only(model).bad);
  // A keeper takes no tunnels more.
  child.kind = shm::ProcessKind::keeper;
  child.active = 100;
  child.descriptors = 50;
  CHECK(status::troubles(model).empty());
}

TEST_CASE("origins that mod_proxy does not use", "[trouble]") {
  auto model = calm();
  model.origins[0].state = status::OriginState::standby;
  CHECK(status::troubles(model).empty());
  for (const auto& [state, bad] :
       {std::pair(status::OriginState::error, true), std::pair(status::OriginState::failed_check, true),
        std::pair(status::OriginState::drained, false), std::pair(status::OriginState::disabled, false),
        std::pair(status::OriginState::stopped, false)}) {
    model.origins[0].state = state;
    CHECK(only(model).bad == bad);
    CHECK(only(model).what == std::string("Origin ws://o:1 ") + (bad ? "fails" : "is out of service"));
    CHECK(only(model).more == std::string("state: ") + status::name(state) + " of balancer://chat");
  }
}

TEST_CASE("of many of a kind some are named, and the rest counted", "[trouble]") {
  auto model = calm();
  model.origins.assign(20, {.balancer = "", .worker = "ws://o", .state = status::OriginState::error});
  const auto found = status::troubles(model);
  REQUIRE(found.size() == 6);
  CHECK(found[5].what == "15 more origins are not in use");
  CHECK(found[5].bad);
}

TEST_CASE("refusals rise when there are twice as many as usual, and ten", "[trouble]") {
  auto model = calm();
  raise(model, metrics::Sampled::refused, 12, 1);
  CHECK(only(model).what == "Refusals rise");
  CHECK(only(model).bad);
  model = calm();
  raise(model, metrics::Sampled::refused, 6, 1);  // few
  CHECK(status::troubles(model).empty());
  model = calm();
  raise(model, metrics::Sampled::refused, 180, 5);  // as ever
  CHECK(status::troubles(model).empty());
  raise(model, metrics::Sampled::refused, 12, 20);
  CHECK(only(model).what == "Refusals rise");
}

TEST_CASE("origins that fail, and processes that died", "[trouble]") {
  auto model = calm();
  raise(model, metrics::Sampled::origin_failed, 3, 1);
  CHECK(only(model).what == "Handshakes fail at an origin");
  CHECK_FALSE(only(model).bad);
  raise(model, metrics::Sampled::origin_failed, 10, 3);
  CHECK(only(model).bad);
  model = calm();
  raise(model, metrics::Sampled::lost, 100, 1);
  CHECK(only(model).what == "A process has died");
}

TEST_CASE("the other troubles", "[trouble]") {
  auto model = calm();
  model.snapshot.processes[0].buffered = 501;
  CHECK(only(model).what == "Bytes wait for slow readers");
  CHECK_FALSE(only(model).bad);
  model.snapshot.processes[0].buffered = 1000;
  CHECK(only(model).bad);
  model.max_buffered = 0;
  CHECK(status::troubles(model).empty());
  model.workers = {.busy = 90, .idle = 10, .most = 100};
  CHECK(only(model).what == "Few idle workers in httpd");
  model = calm();
  model.loops = {.refused = 1200, .again = 1100, .clients = 12, .by_reason = {}, .worst = {}};
  CHECK(only(model).more == "12 addresses were refused 1,100 times in a minute");
  model = calm();
  model.routes.push_back({.server = "w", .route = "/x", .origin = "", .drained = true});
  model.routes.push_back({.server = "w", .route = "/x", .origin = "ws://o", .active = 3, .drained = true});
  CHECK(only(model).what == "Route /x is drained");
  CHECK(only(model).more == "it takes no new tunnels; 3 tunnels are left");
  model = calm();
  model.presence.failing = 1;
  CHECK(only(model).bad);
  model.presence.failing = 0;
  model.presence.lag_us = 31'000'000;
  CHECK(only(model).what == "The presence store is late");
  model = calm();
  model.cluster.error = "connection refused";
  CHECK(only(model).more == "connection refused");
  model = calm();
  for (int i = 0; i < 8; ++i) model.snapshot.processes.emplace_back().kind = shm::ProcessKind::keeper;
  CHECK(only(model).what == "Many keepers");
}
