#include <catch2/catch.hpp>

#include "t/unit/support/told.hpp"

using namespace wsflow;
using base::Millis;
using base::Outcome;
using test::Ends;
using test::EngineRig;
using test::eventually;

namespace {

constexpr std::chrono::seconds kAhead{1'000'000'000};  // when it was not set
std::atomic<std::int64_t> g_set_by_hours;

void set_wall_clock(int hours) noexcept {
  g_set_by_hours = hours;
}
base::Millis wall_clock() noexcept {
  return kAhead + std::chrono::hours(g_set_by_hours);
}

std::uint64_t buffered(const EngineRig& rig) {
  return rig.process.slot.buffered.load();
}

}  // namespace

TEST_CASE("the loop meets a tunnel's deadlines", "[engine][time]") {
  tunnel::Options options;
  options.idle = 40;
  EngineRig rig;
  REQUIRE(rig.engine.start());
  const auto all = open_all(rig, 3, options);
  for (const auto& ends : all) {
    CHECK(test::receive_to_end(ends.client.get()).bytes == test::close_with(1001, "idle"));
    CHECK(test::receive_to_end(ends.origin.get()).bytes.size() == 8 + 4);
  }
  for (const auto& ends : all) {
    test::end_stream(ends.client.get());
    test::end_stream(ends.origin.get());
  }
  CHECK(eventually([&] { return rig.all_ended(); }));
  CHECK(rig.process.ended(Outcome::idle_timeout) == 3);
}

TEST_CASE("the loop pings a quiet client and gives it up", "[engine][time]") {
  tunnel::Options options;
  options.ping_client = options.ping_timeout = 40;
  EngineRig rig;
  REQUIRE(rig.engine.start());
  const auto ends = rig.open(options);
  const auto ping = test::receive_exactly(ends.client.get(), 10);
  REQUIRE(ping.size() == 10);
  CHECK(ping[0] == 0x89);
  auto pong = test::frame(ws::Opcode::pong, true, {ping.begin() + 2, ping.end()}, true);
  REQUIRE(test::send_all(ends.client.get(), pong));
  CHECK(test::receive_exactly(ends.client.get(), 10).size() == 10);  // the next one, with another name
  CHECK(test::receive_to_end(ends.origin.get()).bytes.size() == 8 + 11);
  CHECK(rig.process.count(metrics::kPings(metrics::Direction::client_to_origin)) == 2);
  test::end_stream(ends.origin.get());
  CHECK(eventually([&] { return rig.all_ended(); }));
  CHECK(rig.process.ended(Outcome::ping_timeout) == 1);
}

TEST_CASE("what waits is summed up and comes back to nothing", "[engine][time]") {
  const bool ends_early = GENERATE(false, true);
  EngineRig rig;
  REQUIRE(rig.engine.start());
  auto ends = rig.open();
  const auto bytes = test::pattern(50'000);
  REQUIRE(eventually([&] {
    test::send_some(ends.origin.get(), bytes);
    return buffered(rig) > 60'000;
  }));
  if (ends_early) {
    ends.client.reset();
  } else {
    REQUIRE(eventually([&] {
      test::receive_some(ends.client.get());
      return buffered(rig) == 0;
    }));
  }
  ends.origin.reset();
  CHECK(eventually([&] {
    if (ends.client) test::receive_some(ends.client.get());
    return buffered(rig) == 0;
  }));
}

TEST_CASE("slow readers together cost no more than the process may hold", "[engine][time]") {
  constexpr std::uint64_t kMost = 200'000;
  constexpr std::size_t kTunnels = 12;
  EngineRig rig(1, kTunnels, EngineRig::kStopTime, kMost);
  REQUIRE(rig.engine.start());
  const auto all = open_all(rig, kTunnels);
  const auto bytes = test::pattern(50'000);
  std::uint64_t peak = 0;
  const auto send = [&] {
    std::size_t sent = 0;
    for (const auto& ends : all) sent += test::send_some(ends.origin.get(), bytes);
    peak = std::max(peak, buffered(rig));
    return sent;
  };
  REQUIRE(eventually([&] {
    send();
    return buffered(rig) > kMost;
  }));
  // Each origin goes on until nothing is taken any more.
  for (int still = 0; still < 50;) {
    still = send() == 0 ? still + 1 : 0;
    std::this_thread::yield();
  }
  CHECK(std::max(peak, buffered(rig)) < kMost + 2 * 64 * 1024 + kTunnels * 4096);
}

TEST_CASE("sessions end when the wall clock is set beyond their end, other tunnels do not",
          "[engine][time]") {
  set_wall_clock(0);
  EngineRig rig(2, 10, EngineRig::kStopTime, 0, wall_clock);
  REQUIRE(rig.engine.start());
  const auto in_hours = [&](int hours) {
    test::Ends ends;
    const auto since_1970 = base::now().time_since_epoch() + kAhead + std::chrono::hours(hours);
    const auto end = hours == 0 ? 0 : since_1970.count() / 1000;
    auto tunnel = EngineRig::make_tunnel(ends, {}, base::now(), static_cast<std::uint32_t>(end));
    REQUIRE(rig.engine.adopt(tunnel));
    return ends;
  };
  std::vector<test::Ends> all;
  for (const int hours : {1, 1, 3, 3, 0, 0}) all.push_back(in_hours(hours));
  REQUIRE(test::eventually([&] { return rig.process.slot.active.load() == 6; }));
  const auto set = [&](int hours) {
    set_wall_clock(hours);
    rig.engine.follow_wall_clock();
  };
  set(-2);
  set(2);
  for (std::size_t i = 0; i < 2; ++i)
    CHECK(test::receive_to_end(all[i].client.get()).bytes == test::close_with(1012, "lifetime over"));
  // A new tunnel is judged by the new time, even before follow_wall_clock().
  set_wall_clock(1);
  auto early = in_hours(2);
  set_wall_clock(2);
  auto late = in_hours(2);
  CHECK(test::receive_to_end(late.client.get()).bytes == test::close_with(1012, "lifetime over"));
  CHECK(test::receive_to_end(early.client.get()).bytes == test::close_with(1012, "lifetime over"));
  for (auto* ends : {&early, &late}) *ends = {};
  all.erase(all.begin(), all.begin() + 2);
  REQUIRE(test::eventually([&] { return rig.process.ended(base::Outcome::lifetime) == 4; }));
  CHECK(rig.process.slot.active.load() == 4);
  set(4);
  for (std::size_t i = 0; i < 2; ++i)
    CHECK(test::receive_to_end(all[i].client.get()).bytes == test::close_with(1012, "lifetime over"));
  all.erase(all.begin(), all.begin() + 2);
  REQUIRE(test::eventually([&] { return rig.process.ended(base::Outcome::lifetime) == 6; }));
  CHECK(rig.process.slot.active.load() == 2);
}
