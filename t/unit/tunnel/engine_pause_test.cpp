#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "t/unit/support/engine_rig.hpp"
#include "t/unit/support/peer.hpp"
#include "t/unit/support/told.hpp"

using namespace wsflow;
using base::Outcome;
using test::bytes_of;
using test::Ended;
using test::EngineRig;
using tunnel::Side;

namespace {

std::set<int> descriptors_of_process() {
  std::set<int> all;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    // The iterator's own descriptor is closed by now.
    if (std::filesystem::exists(entry.symlink_status()))
      all.insert(std::stoi(entry.path().filename().string()));
  }
  std::erase_if(all,
                [](int fd) { return !std::filesystem::is_symlink("/proc/self/fd/" + std::to_string(fd)); });
  return all;
}

}  // namespace

TEST_CASE("what comes in during a pause arrives after it", "[engine][pause]") {
  const bool tls = GENERATE(false, true);
  EngineRig rig(2);
  REQUIRE(rig.engine.start());
  std::vector<test::Peers> all(6);
  for (auto& peers : all) {
    auto tunnel = test::make_tunnel(peers, tls);
    REQUIRE(rig.engine.adopt(tunnel));
  }
  std::vector<test::Flow> flows;
  for (auto& peers : all) {
    flows.push_back({peers.client, peers.origin, test::pattern(300'000, 1)});
    flows.push_back({peers.origin, peers.client, test::pattern(300'000, 2)});
  }
  const auto all_have = [&](std::size_t part) {
    for (auto& flow : flows) flow.act(part);
    return std::all_of(flows.begin(), flows.end(),
                       [&](const auto& flow) { return flow.arrived.bytes.size() >= part; });
  };
  REQUIRE(test::eventually([&] { return all_have(10'000); }));
  for (int round = 0; round < 5; ++round) {
    rig.engine.pause();
    for (auto& flow : flows) flow.act();  // some of it is waiting now
    REQUIRE(rig.engine.start());
  }
  CHECK(test::eventually([&] { return all_have(300'000); }));
  for (auto& flow : flows) CHECK(flow.arrived.bytes == flow.bytes);
  CHECK(rig.process.slot.active == all.size());
  CHECK(rig.process.count(metrics::kTunnelsOpened) == all.size());
}

TEST_CASE("during a pause nothing moves", "[engine][pause]") {
  EngineRig rig;
  REQUIRE(rig.engine.start());
  const auto ends = rig.open();
  REQUIRE(test::eventually([&] { return rig.process.slot.active == 1; }));
  rig.engine.pause();
  CHECK(rig.engine.running());
  REQUIRE(test::send_all(ends.client.get(), bytes_of("hello")));
  rig.engine.pause();  // again: it changes nothing
  CHECK(test::receive_some(ends.origin.get()).bytes.empty());
  REQUIRE(rig.engine.start());
  CHECK(test::receive_exactly(ends.origin.get(), 5) == bytes_of("hello"));
}

TEST_CASE("a half-closed tunnel stays half-closed over a pause", "[engine][pause]") {
  const bool tls = GENERATE(false, true);
  const bool before = GENERATE(false, true);
  EngineRig rig;
  REQUIRE(rig.engine.start());
  test::Peers peers;
  auto tunnel = test::make_tunnel(peers, tls);
  REQUIRE(rig.engine.adopt(tunnel));
  test::Flow last{peers.client, peers.origin, bytes_of("last")};
  if (!before) rig.engine.pause();
  last.act();
  peers.client.end_stream();
  if (before) {
    REQUIRE(test::eventually([&] { return last.act(), last.arrived.ended == Ended::eof; }));
    rig.engine.pause();
  }
  test::Flow answer{peers.origin, peers.client, test::pattern(100'000)};
  answer.act();
  REQUIRE(rig.engine.start());
  CHECK(test::eventually([&] { return last.act(), last.arrived.ended == Ended::eof; }));
  CHECK(last.arrived.bytes == last.bytes);
  CHECK(test::eventually([&] { return answer.act(), answer.done(); }));
  CHECK(answer.arrived.bytes == answer.bytes);
  peers.origin.end_stream();
  CHECK(test::eventually([&] { return rig.all_ended(); }));
  CHECK(rig.process.ended(Outcome::client_eof) == 1);
}

TEST_CASE("tunnels that come during a pause wait for its end", "[engine][pause]") {
  const bool tls = GENERATE(false, true);
  EngineRig rig;
  rig.engine.pause();  // it has never run
  test::Peers peers;
  auto tunnel = test::make_tunnel(peers, tls);
  test::Flow hello{peers.client, peers.origin, bytes_of("hello")};
  hello.act();
  REQUIRE(rig.engine.adopt(tunnel));
  CHECK(rig.process.slot.active == 0);
  REQUIRE(rig.engine.start());
  CHECK(test::eventually([&] { return hello.act(), hello.done(); }));
  CHECK(hello.arrived.bytes == hello.bytes);
}

TEST_CASE("tunnels that came before a pause are counted when it begins", "[engine][pause]") {
  EngineRig rig(2);
  REQUIRE(rig.engine.start());
  for (std::size_t i = 1; i <= 30; ++i) {
    std::vector<test::Ends> all;
    for (std::size_t n = 0; n < i; ++n) all.push_back(rig.open());
    rig.engine.pause();
    CHECK(rig.process.slot.active == i);
    REQUIRE(rig.engine.start());
    all.clear();
    REQUIRE(test::eventually([&] { return rig.all_ended(); }));
  }
}

TEST_CASE("pauses under traffic of several threads lose nothing", "[engine][pause]") {
  constexpr std::size_t kThreads = 4;
  EngineRig rig(2);
  REQUIRE(rig.engine.start());
  std::vector<test::Peers> all(kThreads);
  std::vector<std::thread> threads;
  std::atomic<std::size_t> done{0};
  std::atomic<std::size_t> intact{0};
  std::atomic<bool> give_up{false};
  for (std::size_t i = 0; i < kThreads; ++i) {
    auto tunnel = test::make_tunnel(all[i], i % 2 == 0);
    REQUIRE(rig.engine.adopt(tunnel));
    threads.emplace_back([&, i] {
      test::Flow there{all[i].client, all[i].origin, test::pattern(800'000, 1)};
      test::Flow back{all[i].origin, all[i].client, test::pattern(800'000, 2)};
      while (!give_up && !(there.done() && back.done())) {
        there.act();
        back.act();
      }
      intact += (there.arrived.bytes == there.bytes ? 1 : 0) + (back.arrived.bytes == back.bytes ? 1 : 0);
      ++done;
    });
  }
  int pauses = 0;
  CHECK(test::eventually([&] {
    rig.engine.pause();
    ++pauses;
    return rig.engine.start() && done == kThreads && pauses > 10;
  }));
  give_up = true;
  for (auto& thread : threads) thread.join();
  CHECK(intact == 2 * kThreads);
}

TEST_CASE("the close time goes on during a pause", "[engine][pause]") {
  tunnel::Options options;
  options.close = 20;
  EngineRig rig;
  REQUIRE(rig.engine.start());
  const auto ends = rig.open(options);
  test::end_stream(ends.client.get());
  REQUIRE(test::receive_to_end(ends.origin.get()).ended == Ended::eof);
  rig.engine.pause();
  const auto over = base::now() + base::Millis(25);
  REQUIRE(test::eventually([&] { return base::now() > over; }));
  REQUIRE(rig.engine.start());
  CHECK(test::eventually([&] { return rig.all_ended(); }));
  CHECK(rig.process.ended() == 1);
}

TEST_CASE("a pause after a stop has begun waits for the stop", "[engine][pause]") {
  EngineRig rig(2);
  REQUIRE(rig.engine.start());
  std::vector<test::Ends> all;
  for (int i = 0; i < 10; ++i) all.push_back(rig.open());
  rig.engine.begin_stop();
  rig.engine.pause();
  CHECK(rig.all_ended());
  CHECK_FALSE(rig.engine.running());
  for (const auto& ends : all)
    CHECK(test::receive_to_end(ends.client.get()).bytes == test::close_with(1001, "server stop"));
  CHECK(rig.process.ended(Outcome::server_stop) == 10);
  rig.engine.start();
  CHECK_FALSE(rig.engine.running());
}

TEST_CASE("a stop that is ordered during a pause is the next run's", "[engine][pause]") {
  EngineRig rig;
  REQUIRE(rig.engine.start());
  const auto adopted = rig.open();
  REQUIRE(test::eventually([&] { return rig.process.slot.active == 1; }));
  rig.engine.pause();
  const auto waiting = rig.open();
  rig.engine.begin_stop();
  test::Ends late;
  auto tunnel = EngineRig::make_tunnel(late);
  CHECK_FALSE(rig.engine.adopt(tunnel));
  REQUIRE(rig.engine.start());
  rig.engine.stop();
  for (const auto* ends : {&adopted, &waiting})
    CHECK(test::receive_to_end(ends->client.get()).bytes == test::close_with(1001, "server stop"));
  CHECK(rig.process.ended(Outcome::server_stop) == 2);
}

TEST_CASE("a paused engine that dies frees its tunnels", "[engine][pause]") {
  const auto before = test::open_descriptors();
  {
    EngineRig rig;
    REQUIRE(rig.engine.start());
    const auto adopted = rig.open();
    REQUIRE(test::eventually([&] { return rig.process.slot.active == 1; }));
    rig.engine.pause();
    const auto waiting = rig.open();
  }
  CHECK(test::open_descriptors() == before);
}

TEST_CASE("the descriptors of an engine are all that it has opened or taken over", "[engine][pause]") {
  std::vector<test::Peers> all(5);
  std::vector<std::unique_ptr<tunnel::Tunnel>> tunnels;
  const auto before = descriptors_of_process();
  EngineRig rig(2);
  auto expected = descriptors_of_process();
  std::erase_if(expected, [&](int fd) { return before.count(fd) != 0; });
  for (std::size_t i = 0; i < all.size(); ++i) {
    tunnels.push_back(test::make_tunnel(all[i], i % 2 == 0));
    for (const auto side : {Side::client, Side::origin})
      expected.insert(tunnels.back()->endpoint(side).stream.fd());
  }
  REQUIRE(rig.engine.start());
  for (std::size_t i = 0; i < 4; ++i) REQUIRE(rig.engine.adopt(tunnels[i]));
  rig.engine.pause();
  REQUIRE(rig.engine.adopt(tunnels[4]));
  auto found = rig.engine.descriptors();
  std::sort(found.begin(), found.end());
  CHECK(found == std::vector<int>(expected.begin(), expected.end()));
  CHECK(found.size() == 2 * 2 + 2 * all.size());
}
