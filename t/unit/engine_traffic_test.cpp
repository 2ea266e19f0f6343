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

// A peer that sends one frame after the other and checks what it hears: frames, then perhaps a Close.
struct Talker {
  int fd = -1;
  ws::Sender sender = ws::Sender::client;
  test::Bytes frame;
  std::size_t said = 0;
  test::Scan heard;
  bool ended = false;

  Talker(int socket, ws::Sender who)
      : fd(socket),
        sender(who),
        frame(test::frame(ws::Opcode::binary, true, test::pattern(3000), who == ws::Sender::client)),
        heard(who == ws::Sender::client ? ws::Sender::origin : ws::Sender::client) {}

  void act() {
    said = (said + test::send_some(fd, std::span(frame).subspan(said))) % frame.size();
    const auto received = test::receive_some(fd);
    heard.feed(received.bytes);
    ended = received.ended != Ended::open;
  }
};

}  // namespace

TEST_CASE("the engine stops while traffic flows: every peer hears whole frames or an end", "[engine]") {
  os::raise_descriptor_limit();
  const auto before = test::open_descriptors();
  {
    EngineRig rig(2);
    REQUIRE(rig.engine.start());
    std::vector<test::Ends> all;
    std::vector<Talker> talkers;
    for (int i = 0; i < 40; ++i) {
      all.push_back(rig.open());
      talkers.emplace_back(all.back().client.get(), ws::Sender::client);
      talkers.emplace_back(all.back().origin.get(), ws::Sender::origin);
    }
    std::atomic<int> rounds{0};
    std::atomic<bool> give_up{false};
    std::atomic<bool> all_over{false};
    std::thread traffic([&] {
      while (!give_up && !all_over) {
        bool over = true;
        for (auto& talker : talkers) {
          if (!talker.ended) talker.act();
          over = over && talker.ended;
        }
        all_over = over;
        ++rounds;
      }
    });
    CHECK(test::eventually([&] { return rounds > 20; }));
    rig.engine.stop();
    CHECK(rig.all_ended());
    CHECK(test::eventually([&] { return all_over.load(); }));
    give_up = true;
    traffic.join();
    for (auto& talker : talkers) {
      CHECK_FALSE(talker.heard.scanner.broken());
      CHECK_FALSE(talker.heard.headers.empty());
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
