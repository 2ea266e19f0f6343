#include <catch2/catch.hpp>
#include <utility>

#include "mod_wsflow/os/wait.hpp"
#include "t/unit/support/engine_rig.hpp"
#include "t/unit/support/peer.hpp"
#include "t/unit/support/told.hpp"

using namespace wsflow;
using base::Millis;
using base::Outcome;
using test::BegunFrame;
using test::close_with;
using test::Ended;
using test::EngineRig;
using test::open_all;

TEST_CASE("begin_stop tells every peer and returns at once", "[engine][stop]") {
  EngineRig rig(2, 10000, EngineRig::kLong);
  REQUIRE(rig.engine.start());
  auto all = open_all(rig, 20);
  rig.engine.begin_stop();
  CHECK_FALSE(rig.engine.running());
  for (const auto& ends : all) {
    const auto to_client = test::receive_to_end(ends.client.get());
    CHECK(to_client.bytes == close_with(1001, "server stop"));
    CHECK(to_client.ended == Ended::eof);
    CHECK(test::receive_to_end(ends.origin.get()).bytes.size() == 8 + 11);
  }
  CHECK(rig.process.slot.active == 20);  // they wait for their peers
  all.clear();
  rig.engine.stop();
  CHECK(rig.process.ended(Outcome::server_stop) == 20);
}

TEST_CASE("a frame that is finished only during the stop is passed whole, and then 1001", "[engine][stop]") {
  EngineRig rig(1, 10000, EngineRig::kLong);
  REQUIRE(rig.engine.start());
  auto ends = std::move(open_all(rig, 1).front());
  const BegunFrame begun(ends);
  rig.engine.begin_stop();
  CHECK(test::receive_to_end(ends.origin.get()).bytes.size() == 8 + 11);
  CHECK(test::receive_some(ends.client.get()).ended == Ended::open);
  REQUIRE(test::send_all(ends.origin.get(), begun.rest));
  const auto to_client = test::receive_to_end(ends.client.get());
  CHECK(to_client.bytes == begun.rest_and(close_with(1001, "server stop")));
  CHECK(to_client.ended == Ended::eof);
  ends = {};
  rig.engine.stop();
  CHECK(rig.process.ended(Outcome::server_stop) == 1);
}

TEST_CASE("a stop over TLS is told before close_notify", "[engine][stop][tls]") {
  EngineRig rig(1, 10000, EngineRig::kLong);
  REQUIRE(rig.engine.start());
  test::Peers peers;
  auto tunnel = test::make_tunnel(peers, true);
  REQUIRE(rig.engine.adopt(tunnel));
  rig.engine.begin_stop();
  test::Flow nothing{peers.origin, peers.client, {}};
  CHECK(test::eventually([&] { return nothing.act(), nothing.arrived.ended != Ended::open; }));
  CHECK(nothing.arrived.bytes == close_with(1001, "server stop"));
  CHECK(nothing.arrived.ended == Ended::eof);
  peers = {};
  rig.engine.stop();
  CHECK(rig.process.ended(Outcome::server_stop) == 1);
}

TEST_CASE("a stop ends within its time when peers do not answer", "[engine][stop]") {
  EngineRig rig(2, 10000, Millis(40));
  REQUIRE(rig.engine.start());
  tunnel::Options options;
  options.close = 60'000;
  const auto all = open_all(rig, 4, options);
  const BegunFrame begun(all.front());
  const auto start = base::now();
  rig.engine.stop();
  const auto taken = base::now() - start;
  CHECK(taken >= Millis(40));
  CHECK(taken < Millis(10'000));
  CHECK(rig.process.ended(Outcome::server_stop) == 4);
  // No Close frame stands inside the frame.
  CHECK(test::receive_to_end(all.front().client.get()).bytes.empty());
  CHECK(test::receive_to_end(all.back().client.get()).bytes == close_with(1001, "server stop"));
}

TEST_CASE("an engine without tunnels stops at once", "[engine][stop]") {
  EngineRig rig(2, 10000, EngineRig::kLong);
  REQUIRE(rig.engine.start());
  const auto start = base::now();
  rig.engine.stop();
  CHECK(base::now() - start < EngineRig::kLong / 2);
}

TEST_CASE("the bell rings whenever the last tunnel has ended", "[engine]") {
  const os::Wakeup bell;
  EngineRig rig;
  rig.engine.set_idle_bell(bell);
  REQUIRE(rig.engine.start());
  for (int round = 0; round < 2; ++round) {
    auto all = open_all(rig, 2);
    const auto before = rig.process.ended();
    all.pop_back();
    REQUIRE(test::eventually([&] { return rig.process.ended() == before + 1; }));
    CHECK_FALSE(os::wait_readable({bell.fd()}, Millis(0)));
    all.pop_back();
    CHECK(os::wait_readable({bell.fd()}, Millis(20'000)));
    CHECK(rig.all_ended());
    bell.clear();
  }
  const auto last = open_all(rig, 1);
  rig.engine.stop();
  CHECK(os::wait_readable({bell.fd()}, Millis(0)));
}
