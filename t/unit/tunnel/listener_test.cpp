#include "mod_wsflow/tunnel/listener.hpp"

#include <catch2/catch.hpp>

#include "t/unit/support/engine_rig.hpp"
#include "t/unit/support/frames.hpp"
#include "t/unit/support/tunnel_rig.hpp"

using namespace wsflow;
using test::EngineRig;
using test::frame;
using test::TunnelRig;
using tunnel::EndedBy;
using tunnel::Event;
using tunnel::Side;

namespace {

// What tunnels have told, in order.
struct Heard {
  std::atomic<unsigned> starts{0};
  std::atomic<unsigned> alives{0};
  std::atomic<unsigned> ends{0};
  std::atomic<bool> in_order{true};
  std::atomic<std::uint64_t> id{0};
};

class Listener final : public tunnel::Listener {
 public:
  explicit Listener(Heard& heard) : heard_(heard) {}
  void tell(Event event, const tunnel::Tunnel& tunnel, base::Instant) noexcept override {
    if ((event == Event::start) == begun_) heard_.in_order = false;
    begun_ = true;
    heard_.id = tunnel.id();
    ++(event == Event::start ? heard_.starts : event == Event::alive ? heard_.alives : heard_.ends);
  }

 private:
  Heard& heard_;
  bool begun_ = false;
};

// A tunnel in the engine that tells `heard`.
test::Ends open(EngineRig& rig, Heard& heard, const tunnel::Options& options) {
  test::Ends ends;
  auto client = test::socket_pair();
  auto origin = test::socket_pair();
  ends.client = std::move(client.peer);
  ends.origin = std::move(origin.peer);
  tunnel::Tunnel::Parts parts;
  parts.client_fd = std::move(client.ours);
  parts.origin_fd = std::move(origin.ours);
  parts.options = &test::lasting(options);
  parts.id = 7;
  parts.listener = std::make_unique<Listener>(heard);
  auto tunnel = std::make_unique<tunnel::Tunnel>(std::move(parts), base::now());
  REQUIRE(rig.engine.adopt(tunnel));
  return ends;
}

}  // namespace

TEST_CASE("a chronicle hears of the start and, once, of the end", "[tunnel][chronicle]") {
  Heard heard;
  EngineRig rig;
  REQUIRE(rig.engine.start());
  {
    const auto ends = open(rig, heard, {});
    REQUIRE(test::eventually([&] { return heard.starts == 1; }));
    CHECK(heard.ends == 0);
  }
  REQUIRE(test::eventually([&] { return rig.all_ended() && heard.ends == 1; }));
  rig.engine.stop();
  CHECK(heard.starts == 1);
  CHECK(heard.ends == 1);
  CHECK(heard.alives == 0);
  CHECK(heard.in_order);
  CHECK(heard.id == 7);
}

TEST_CASE("a chronicle hears again and again of a tunnel that lives", "[tunnel][chronicle]") {
  Heard heard;
  EngineRig rig;
  REQUIRE(rig.engine.start());
  tunnel::Options options;
  options.alive_interval = 10;
  const auto ends = open(rig, heard, options);
  REQUIRE(test::eventually([&] { return heard.alives >= 3; }));
  rig.engine.stop();
  CHECK(heard.ends == 1);
  CHECK(heard.in_order);
}

TEST_CASE("whoever sent the first Close frame has closed the tunnel", "[tunnel][chronicle]") {
  const auto first = GENERATE(Side::client, Side::origin);
  const bool answered = GENERATE(true, false);
  TunnelRig rig;
  const auto close = [&](Side side) {
    auto& end = side == Side::client ? rig.client : rig.origin;
    REQUIRE(test::send_all(end.get(), frame(ws::Opcode::close, true, {0x03, 0xE8}, side == Side::client)));
    rig.run();
  };
  close(first);
  if (answered) close(tunnel::other(first));
  (first == Side::client ? rig.origin : rig.client).reset();
  rig.run();
  CHECK(rig.tunnel->outcome() == base::Outcome::closed);
  CHECK(rig.tunnel->cause() == (first == Side::client ? EndedBy::client : EndedBy::origin));
}
