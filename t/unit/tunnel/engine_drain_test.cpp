#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>
#include <vector>

#include "mod_wsflow/os/wait.hpp"
#include "t/unit/support/engine_rig.hpp"
#include "t/unit/support/socket_faults.hpp"
#include "t/unit/support/told.hpp"

using namespace wsflow;
using base::Millis;
using base::Outcome;
using test::BegunFrame;
using test::Bytes;
using test::close_with;
using test::Ended;
using test::EngineRig;
using test::frame;
using test::open_all;
using ws::Opcode;

TEST_CASE("a drain without a window tells all at once, and who comes later too", "[engine][drain]") {
  EngineRig rig(2);
  REQUIRE(rig.engine.start());
  for (const std::size_t count : {30U, 3U}) {
    const auto before = rig.process.ended(Outcome::drained);
    std::vector<test::Ends> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(rig.open());
    // Only the first drain counts.
    if (before == 0) {
      rig.engine.drain(1012, Millis(0));
    } else {
      rig.engine.drain(4001, EngineRig::kLong);
    }
    for (const auto& ends : all) {
      const auto to_client = test::receive_to_end(ends.client.get());
      CHECK(to_client.bytes == close_with(1012, "draining"));
      CHECK(to_client.ended == Ended::eof);
      CHECK(test::receive_to_end(ends.origin.get()).bytes.size() == 8 + std::string_view("draining").size());
    }
    all.clear();
    REQUIRE(test::eventually([&] { return rig.process.ended(Outcome::drained) == before + count; }));
  }
  CHECK(rig.engine.running());
  CHECK(rig.all_ended());
}

TEST_CASE("a drain spreads over its window", "[engine][drain]") {
  // About three of 300 tunnels end in each of the 100 steps of the window.
  EngineRig rig(2);
  REQUIRE(rig.engine.start());
  const auto all = open_all(rig, 300);
  const auto told = [&] {
    return std::count_if(all.begin(), all.end(),
                         [](const auto& ends) { return os::wait_readable({ends.client.get()}, Millis(0)); });
  };
  rig.engine.drain(1001, Millis(10'000));
  CHECK(told() < 150);
  REQUIRE(test::eventually([&] { return told() > 0; }));
  CHECK(told() < 150);
}

TEST_CASE("at the end of its window a drain has told everybody", "[engine][drain]") {
  EngineRig rig(2);
  REQUIRE(rig.engine.start());
  const auto all = open_all(rig, 50);
  rig.engine.drain(4000, Millis(60));
  for (const auto& ends : all)
    CHECK(test::receive_to_end(ends.client.get()).bytes == close_with(4000, "draining"));
}

TEST_CASE("a drain goes on after a pause", "[engine][drain][pause]") {
  const bool begun = GENERATE(false, true);
  EngineRig rig;
  REQUIRE(rig.engine.start());
  const auto all = open_all(rig, 20);
  if (begun) {
    rig.engine.drain(4000, Millis(40));
    rig.engine.pause();
  } else {
    rig.engine.pause();
    rig.engine.drain(4000, Millis(40));
  }
  REQUIRE(rig.engine.start());
  for (const auto& ends : all)
    CHECK(test::receive_to_end(ends.client.get()).bytes == close_with(4000, "draining"));
}

TEST_CASE("a tunnel that is told once is not told again", "[engine][drain]") {
  EngineRig rig(1, 10000, EngineRig::kLong);
  REQUIRE(rig.engine.start());
  auto ends = std::move(open_all(rig, 1).front());
  const BegunFrame begun(ends);
  rig.engine.drain(1012, Millis(0));
  CHECK(test::receive_to_end(ends.origin.get()).bytes.size() == 8 + std::string_view("draining").size());
  rig.engine.drain(4001, Millis(0));
  rig.engine.begin_stop();
  REQUIRE(test::send_all(ends.origin.get(), begun.rest));
  CHECK(test::receive_to_end(ends.client.get()).bytes == begun.rest_and(close_with(1012, "draining")));
  ends = {};
  rig.engine.stop();
  CHECK(rig.process.ended(Outcome::drained) == 1);
}

TEST_CASE("a drain says nothing to peers that have said goodbye", "[engine][drain]") {
  EngineRig rig;
  REQUIRE(rig.engine.start());
  auto ends = std::move(open_all(rig, 1).front());
  const auto goodbye = frame(Opcode::close, true, {0x03, 0xE8}, true);
  REQUIRE(test::send_all(ends.client.get(), goodbye));
  REQUIRE(test::send_all(ends.origin.get(), close_with(1000)));
  CHECK(test::receive_to_end(ends.client.get()).bytes == close_with(1000));
  rig.engine.drain(1012, Millis(0));
  CHECK(test::receive_to_end(ends.origin.get()).bytes == goodbye);
  ends = {};
  REQUIRE(test::eventually([&] { return rig.all_ended(); }));
  CHECK(rig.process.ended(Outcome::closed) == 1);
}

TEST_CASE("a side that never completes its frame is cut off after the close time", "[engine][drain]") {
  tunnel::Options options;
  options.close = 30;
  EngineRig rig;
  REQUIRE(rig.engine.start());
  const auto all = open_all(rig, 1, options);
  const BegunFrame begun(all.front());
  rig.engine.drain(1012, Millis(0));
  REQUIRE(test::eventually([&] { return rig.all_ended(); }));
  CHECK(rig.process.ended(Outcome::drained) == 1);
  CHECK(test::receive_to_end(all.front().client.get()).bytes.empty());
}

TEST_CASE("a tunnel that is cut off while more of it waits for a turn is gone for good", "[engine][drain]") {
  EngineRig rig;
  REQUIRE(rig.engine.start());
  tunnel::Options options;
  options.close = 30;
  test::Ends ends;
  auto tunnel = EngineRig::make_tunnel(ends, options);
  const int fd = tunnel->endpoint(tunnel::Side::client).stream.fd();
  REQUIRE(rig.engine.adopt(tunnel));
  rig.engine.drain(1012, Millis(0));
  CHECK(test::receive_to_end(ends.client.get()).bytes == close_with(1012, "draining"));
  {
    const test::EndlessPeer endless(fd);
    REQUIRE(test::send_all(ends.client.get(), Bytes{0}));
    REQUIRE(test::eventually([&] { return rig.all_ended(); }));
    CHECK(rig.process.ended(Outcome::drained) == 1);
  }
  // The loop lives on.
  const auto next = rig.open();
  CHECK(test::receive_to_end(next.client.get()).bytes == close_with(1012, "draining"));
}
