#include "mod_wsflow/metrics/recorder.hpp"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "t/unit/support/process_slot.hpp"

using namespace wsflow;
using namespace wsflow::metrics;

TEST_CASE("an opened tunnel is active until it has ended", "[recorder]") {
  const bool on_worker = GENERATE(false, true);
  test::CountedProcess process;
  process.recorder.tunnel_opened(on_worker);
  CHECK(process.count(kTunnelsOpened) == 1);
  CHECK(process.count(kTunnelsOpenedWorker) == (on_worker ? 1 : 0));
  CHECK(process.slot.active == (on_worker ? 0 : 1));
  CHECK(process.slot.active_worker == (on_worker ? 1 : 0));
  process.recorder.tunnel_ended(base::Outcome::origin_reset, on_worker, 0);
  CHECK(process.slot.active == 0);
  CHECK(process.slot.active_worker == 0);
  CHECK(process.ended(base::Outcome::origin_reset) == 1);
  CHECK(process.ended() == 1);
}

TEST_CASE("a recorder that gathers tells what has passed when it is flushed, once", "[recorder]") {
  test::CountedProcess process;
  auto gathering = process.recorder.gathering();
  const auto direction = Direction::origin_to_client;
  gathering.frame_passed(direction, OpcodeClass::text);
  gathering.frame_passed(direction, OpcodeClass::ping);
  gathering.passed(direction, 40, 1);
  gathering.passed(direction, 2, 0);
  CHECK(process.count(kBytes(direction)) == 0);
  gathering.add(kNotWebSocket);  // all else is counted at once
  CHECK(process.count(kNotWebSocket) == 1);
  for (int i = 0; i < 2; ++i) {
    gathering.flush();
    CHECK(process.count(kBytes(direction)) == 42);
    CHECK(process.count(kMessages(direction)) == 1);
    CHECK(process.count(kFrames(direction, OpcodeClass::text)) == 1);
    CHECK(process.count(kFrames(direction, OpcodeClass::ping)) == 1);
    CHECK(process.count(kBytes(Direction::client_to_origin)) == 0);
  }
}

TEST_CASE("each outcome, refusal and close code has a counter of its own", "[recorder]") {
  test::CountedProcess process;
  for (std::size_t i = 0; i < base::kOutcomes; ++i) {
    process.recorder.tunnel_opened(false);
    process.recorder.tunnel_ended(static_cast<base::Outcome>(i), false, 0);
    CHECK(process.count(kTunnelsEnded.first + i) == 1);
  }
  for (std::size_t i = 0; i < base::kHandshakeRefusals; ++i) {
    process.recorder.refused(static_cast<base::HandshakeRefusal>(i));
    CHECK(process.count(kRefused.first + i) == 1);
  }
  process.recorder.close_seen(Direction::client_to_origin, 1000);
  process.recorder.close_seen(Direction::origin_to_client, 4999);
  CHECK(process.count(kCloses(Direction::client_to_origin, close_class(1000))) == 1);
  CHECK(process.count(kCloses(Direction::origin_to_client, close_class(4999))) == 1);
  CHECK(process.count(kNotWebSocket) == 0);
}

TEST_CASE("times are counted in their buckets, and summed up", "[recorder]") {
  test::CountedProcess process;
  process.recorder.tunnel_opened(false);
  process.recorder.tunnel_ended(base::Outcome::closed, false, 1500);
  CHECK(process.count(kTunnelTimes + 1) == 1);
  CHECK(process.count(kTunnelTimes + kLifetimes.buckets()) == 1500);
  process.recorder.upgraded(400);
  process.recorder.upgraded(1001);
  CHECK(process.count(kHandshakeTimes) == 1);
  CHECK(process.count(kHandshakeTimes + 1) == 1);
  CHECK(process.count(kHandshakeTimes + kHandshakeBuckets) == 1401);
  process.recorder.waited(61'000'000);
  CHECK(process.count(kAcquireWaits + kWaits.buckets() - 1) == 1);
  CHECK(process.count(kAcquireWaits + kWaits.buckets()) == 61'000'000);
  for (const auto shorter : {1U, 500U}) process.recorder.waited(shorter);
  process.recorder.upgraded(3);
  CHECK(process.count(kLongestTunnel) == 1500);
  CHECK(process.count(kLongestHandshake) == 1001);
  CHECK(process.count(kLongestWait) == 61'000'000);
}

TEST_CASE("threads that count at the same time lose nothing", "[recorder]") {
  test::CountedProcess process;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10000; ++n) {
        process.recorder.tunnel_opened(false);
        process.recorder.add(kBytes(Direction::client_to_origin), 3);
        process.recorder.tunnel_ended(base::Outcome::closed, false, 0);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(process.count(kTunnelsOpened) == 40000);
  CHECK(process.count(kBytes(Direction::client_to_origin)) == 120000);
  CHECK(process.ended(base::Outcome::closed) == 40000);
  CHECK(process.slot.active == 0);
}
