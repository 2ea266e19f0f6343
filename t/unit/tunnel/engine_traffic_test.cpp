#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "mod_wsflow/os/socket.hpp"
#include "t/unit/support/engine_rig.hpp"

using namespace wsflow;
using test::Ended;
using test::EngineRig;

namespace {

// A peer that sends frame after frame and receives frames, then a Close frame and the end of stream; then it
// finishes its own frame and ends, too.
struct Talker {
  base::UniqueFd fd;
  test::Bytes frame;
  std::size_t said = 0;
  test::Scan heard;
  bool hears_end = false;

  Talker(base::UniqueFd socket, ws::Sender who)
      : fd(std::move(socket)),
        frame(test::frame(ws::Opcode::binary, true, test::pattern(3000), who == ws::Sender::client)),
        heard(who == ws::Sender::client ? ws::Sender::origin : ws::Sender::client) {}

  void act() {
    if (!fd || (hears_end && said == 0)) return fd.reset();
    said = (said + test::send_some(fd.get(), std::span(frame).subspan(said))) % frame.size();
    const auto received = test::receive_some(fd.get());
    heard.feed(received.bytes);
    hears_end = received.ended == Ended::eof;
  }
};

}  // namespace

TEST_CASE("the engine stops while traffic flows: every peer hears whole frames, 1001 and the end",
          "[engine]") {
  os::raise_descriptor_limit();
  const auto before = test::open_descriptors();
  {
    EngineRig rig(2, 10000, EngineRig::kLong);
    REQUIRE(rig.engine.start());
    std::vector<Talker> talkers;
    for (int i = 0; i < 40; ++i) {
      auto ends = rig.open();
      talkers.emplace_back(std::move(ends.client), ws::Sender::client);
      talkers.emplace_back(std::move(ends.origin), ws::Sender::origin);
    }
    std::atomic<int> rounds{0};
    std::atomic<bool> all_heard{false};
    std::atomic<bool> give_up{false};
    std::thread traffic([&] {
      while (!give_up) {
        for (auto& talker : talkers) talker.act();
        all_heard = std::all_of(talkers.begin(), talkers.end(),
                                [](const Talker& talker) { return talker.heard.messages > 0; });
        ++rounds;
      }
    });
    CHECK(test::eventually([&] { return rounds > 20 && all_heard; }));
    rig.engine.stop();
    CHECK(rig.all_ended());
    CHECK(rig.process.ended(base::Outcome::server_stop) == 40);
    give_up = true;
    traffic.join();
    for (auto& talker : talkers) {
      CHECK(talker.hears_end);
      CHECK(talker.heard.scanner.at_boundary());
      CHECK(talker.heard.messages > 0);
      REQUIRE(talker.heard.scanner.close_seen());
      CHECK(talker.heard.scanner.close_code() == 1001);
    }
  }
  CHECK(test::open_descriptors() == before);
}

TEST_CASE("tunnels come from several threads while others end", "[engine]") {
  os::raise_descriptor_limit();
  const auto before = test::open_descriptors();
  {
    EngineRig rig(2);
    REQUIRE(rig.engine.start());
    std::atomic<int> echoed{0};
    std::vector<std::thread> workers;
    for (int i = 0; i < 4; ++i) {
      workers.emplace_back([&] {
        const auto frame = test::frame(ws::Opcode::text, true, test::bytes_of("hello"), true);
        for (int n = 0; n < 50; ++n) {
          test::Ends ends;
          auto tunnel = EngineRig::make_tunnel(ends);
          if (!rig.engine.adopt(tunnel)) return;
          test::send_all(ends.client.get(), frame);
          if (test::receive_exactly(ends.origin.get(), frame.size()) == frame) ++echoed;
        }
      });
    }
    for (auto& worker : workers) worker.join();
    CHECK(echoed == 200);
    CHECK(test::eventually([&] { return rig.process.ended() == 200; }));
    CHECK(rig.all_ended());
  }
  CHECK(test::open_descriptors() == before);
}

TEST_CASE("a tunnel whose maker's clock is ahead of the loop's is not taken for an old one", "[engine]") {
  EngineRig rig;
  REQUIRE(rig.engine.start());
  test::Ends ends;
  auto tunnel = EngineRig::make_tunnel(ends, {}, base::now() + EngineRig::kLong);
  REQUIRE(rig.engine.adopt(tunnel));
  // Some ticks of the deadlines go by. Pings are no data: the tunnel stays as idle as it came.
  const auto frame = test::frame(ws::Opcode::ping, true, test::bytes_of("hello"), true);
  for (const auto end = base::now() + base::Millis(50); base::now() < end;) {
    test::send_all(ends.client.get(), frame);
    REQUIRE(test::receive_exactly(ends.origin.get(), frame.size()) == frame);
  }
  CHECK(rig.process.ended() == 0);
}

TEST_CASE("a fast tunnel does not starve a quiet one on the same loop", "[engine]") {
  EngineRig rig(1);
  REQUIRE(rig.engine.start());
  const auto fast = rig.open();
  const auto quiet = rig.open();
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> moved{0};
  const auto flood = test::pattern(1 << 16);
  std::thread writer([&] {
    while (!done) test::send_some(fast.client.get(), flood);
  });
  std::thread reader([&] {
    while (!done) moved += test::receive_some(fast.origin.get()).bytes.size();
  });
  const auto ping = test::bytes_of("ping");
  for (int i = 0; i < 50; ++i) {
    CHECK(test::send_all(quiet.client.get(), ping));
    CHECK(test::receive_exactly(quiet.origin.get(), ping.size()) == ping);
  }
  CHECK(test::eventually([&] { return moved > flood.size(); }));
  done = true;
  writer.join();
  reader.join();
}
