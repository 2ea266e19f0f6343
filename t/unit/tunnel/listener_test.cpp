#include "mod_wsflow/tunnel/listener.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "t/unit/support/engine_rig.hpp"
#include "t/unit/support/frames.hpp"
#include "t/unit/support/tunnel_rig.hpp"

using namespace wsflow;
using test::EngineRig;
using test::frame;
using test::TunnelRig;
using tunnel::Due;
using tunnel::EndedBy;
using tunnel::Event;
using tunnel::Side;

namespace {

// The events of all tunnels of a test, by any thread.
struct Heard {
  std::atomic<unsigned> starts{0};
  std::atomic<unsigned> alives{0};
  std::atomic<unsigned> ends{0};
  std::atomic<bool> in_order{true};
  std::atomic<std::uint64_t> id{0};
};

class Counter final : public tunnel::Listener {
 public:
  Counter(Heard& heard, std::uint32_t alive_interval) : Listener(alive_interval), heard_(heard) {}
  void on_event(Event event, const tunnel::Tunnel& tunnel, base::Instant) noexcept override {
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
test::Ends open(EngineRig& rig, Heard& heard, std::uint32_t alive_interval = 0) {
  test::Ends ends;
  auto client = test::socket_pair();
  auto origin = test::socket_pair();
  ends.client = std::move(client.peer);
  ends.origin = std::move(origin.peer);
  tunnel::Tunnel::Parts parts;
  parts.client_fd = std::move(client.ours);
  parts.origin_fd = std::move(origin.ours);
  parts.id = 7;
  parts.listeners.add(std::make_unique<Counter>(heard, alive_interval));
  auto tunnel = std::make_unique<tunnel::Tunnel>(std::move(parts), base::now());
  REQUIRE(rig.engine.adopt(tunnel));
  return ends;
}

using Calls = std::vector<std::string>;

// Writes each event as "NAME EVENT", and its own death as "NAME freed".
class Writer final : public tunnel::Listener {
 public:
  Writer(Calls& calls, const char* name, std::uint32_t alive_interval = 0)
      : Listener(alive_interval), calls_(calls), name_(name) {}
  ~Writer() override { calls_.push_back(name_ + " freed"); }
  void on_event(Event event, const tunnel::Tunnel&, base::Instant) noexcept override {
    calls_.push_back(name_ + (event == Event::start ? " start" : event == Event::alive ? " alive" : " end"));
  }

 private:
  Calls& calls_;
  std::string name_;
};

const tunnel::Options kQuiet{.idle = 0, .ping_client = 0, .ping_origin = 0};

// A tunnel that a test drives by hand, with these listeners. Its clock begins at 0.
struct ListenedRig {
  explicit ListenedRig(tunnel::Listeners listeners) {
    auto client = test::socket_pair();
    auto origin = test::socket_pair();
    client_peer = std::move(client.peer);
    origin_peer = std::move(origin.peer);
    tunnel::Tunnel::Parts parts;
    parts.client_fd = std::move(client.ours);
    parts.origin_fd = std::move(origin.ours);
    parts.options = &kQuiet;
    parts.listeners = std::move(listeners);
    rig.emplace(std::move(parts));
    rig->tunnel->notify(Event::start, rig->now);
  }
  void expire_at(int ms) {
    rig->now = base::Instant(base::Millis(ms));
    CHECK_FALSE(rig->expire());
  }
  tunnel::Deadline deadline() { return rig->tunnel->deadline(rig->now); }

  base::UniqueFd client_peer;
  base::UniqueFd origin_peer;
  std::optional<TunnelRig> rig;
};

}  // namespace

TEST_CASE("a listener hears of the start and, once, of the end", "[tunnel][listener]") {
  Heard heard;
  EngineRig rig;
  REQUIRE(rig.engine.start());
  {
    const auto ends = open(rig, heard);
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

TEST_CASE("a listener hears again and again of a tunnel that lives", "[tunnel][listener]") {
  Heard heard;
  EngineRig rig;
  REQUIRE(rig.engine.start());
  const auto ends = open(rig, heard, 10);
  REQUIRE(test::eventually([&] { return heard.alives >= 3; }));
  rig.engine.stop();
  CHECK(heard.ends == 1);
  CHECK(heard.in_order);
}

TEST_CASE("listeners are called in the order in which they were added, and freed with the tunnel",
          "[tunnel][listener]") {
  Calls calls;
  {
    tunnel::Listeners listeners;
    for (const auto* name : {"a", "b", "c"}) listeners.add(std::make_unique<Writer>(calls, name));
    ListenedRig listened(std::move(listeners));
    CHECK(calls == Calls{"a start", "b start", "c start"});
    calls.clear();
    listened.rig->tunnel->notify(Event::end, listened.rig->now);
    CHECK(calls == Calls{"a end", "b end", "c end"});
    calls.clear();
  }
  CHECK(calls == Calls{"a freed", "b freed", "c freed"});
}

TEST_CASE("each listener has an alive interval of its own", "[tunnel][listener]") {
  Calls calls;
  tunnel::Listeners listeners;
  listeners.add(std::make_unique<Writer>(calls, "slow", 250));
  listeners.add(std::make_unique<Writer>(calls, "never"));
  listeners.add(std::make_unique<Writer>(calls, "fast", 100));
  ListenedRig listened(std::move(listeners));
  calls.clear();
  CHECK(listened.deadline().what == Due::alive);
  CHECK(listened.deadline().at == base::Instant(base::Millis(100)));
  listened.expire_at(99);
  CHECK(calls.empty());
  listened.expire_at(100);
  CHECK(calls == Calls{"fast alive"});
  CHECK(listened.deadline().at == base::Instant(base::Millis(200)));
  listened.expire_at(200);
  CHECK(listened.deadline().at == base::Instant(base::Millis(250)));
  calls.clear();
  // Those that are due at the same time are told in the order of the list; each counts from its own event.
  listened.expire_at(300);
  CHECK(calls == Calls{"slow alive", "fast alive"});
  CHECK(listened.deadline().at == base::Instant(base::Millis(400)));
}

TEST_CASE("a listener that was not due keeps its time when another one is told", "[tunnel][listener]") {
  Calls calls;
  tunnel::Listeners listeners;
  listeners.add(std::make_unique<Writer>(calls, "a", 100));
  listeners.add(std::make_unique<Writer>(calls, "b", 150));
  ListenedRig listened(std::move(listeners));
  calls.clear();
  for (const int ms : {100, 150, 200, 300}) listened.expire_at(ms);
  CHECK(calls == Calls{"a alive", "b alive", "a alive", "a alive", "b alive"});
}

TEST_CASE("a tunnel without listeners, or without intervals, waits for nothing", "[tunnel][listener]") {
  static_assert(sizeof(tunnel::Listeners) == sizeof(void*),
                "a tunnel without listeners has a pointer for them");
  Calls calls;
  tunnel::Listeners listeners;
  listeners.add(nullptr);
  if (GENERATE(false, true)) listeners.add(std::make_unique<Writer>(calls, "a"));
  ListenedRig listened(std::move(listeners));
  CHECK(listened.deadline().what == Due::nothing);
  CHECK(listened.deadline().at == base::Instant::max());
}

TEST_CASE("whoever sent the first Close frame has closed the tunnel", "[tunnel][listener]") {
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
