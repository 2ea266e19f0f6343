#include <catch2/catch.hpp>
#include <memory>

#include "t/unit/support/engine_rig.hpp"
#include "t/unit/support/live_tunnels.hpp"
#include "t/unit/support/shared_segment.hpp"
#include "t/unit/support/told.hpp"

using namespace wsflow;
using base::Outcome;
using test::Bytes;
using test::EngineRig;

namespace {

struct CommandRig {
  // A tunnel with a row of its own.
  test::Ends open(std::uint64_t id) {
    auto client = test::socket_pair();
    auto origin = test::socket_pair();
    auto tunnel =
        std::make_unique<tunnel::Tunnel>(test::with_lenders({.client_fd = std::move(client.ours),
                                                             .client_ssl = {},
                                                             .origin_fd = std::move(origin.ours),
                                                             .origin_ssl = {},
                                                             .admission = {},
                                                             .row = rows.open({.id = id,
                                                                               .started_us = 0,
                                                                               .client = {},
                                                                               .server = "a.test",
                                                                               .route = "/ws/",
                                                                               .origin = "ws://b.test"}),
                                                             .id = id}),
                                         base::now());
    REQUIRE(rig.engine.adopt(tunnel));
    return {std::move(client.peer), std::move(origin.peer)};
  }
  bool command(std::uint64_t id, std::uint16_t code) { return test::close(*segment, id, code); }
  bool all_open(std::uint64_t count) const {
    return test::eventually([&] { return rig.process.slot.active == count; });
  }

  test::SharedSegment segment;
  shm::TunnelRows rows{*segment, *shm::claim(*segment, shm::Owner::self(), 1, 0)};
  EngineRig rig{2};  // dies before the rows
};

}  // namespace

TEST_CASE("an operator's command closes its tunnel alone", "[engine][command]") {
  CommandRig rig;
  REQUIRE(rig.rig.engine.start());
  auto first = rig.open(11);
  auto second = rig.open(12);
  auto third = rig.open(13);
  REQUIRE(rig.all_open(3));
  REQUIRE(test::tunnel_count(*rig.segment) == 3);
  CHECK_FALSE(rig.command(14, 4001));
  REQUIRE(rig.command(12, 4001));
  rig.rig.engine.look_for_commands();
  const auto to_client = test::receive_to_end(second.client.get());
  CHECK(to_client.bytes == test::close_with(4001, "closed by operator"));
  CHECK(to_client.ended == test::Ended::eof);
  CHECK(test::receive_to_end(second.origin.get()).bytes.size() == 8 + 18);
  second = {};
  REQUIRE(test::eventually([&] { return rig.rig.process.ended(Outcome::ordered) == 1; }));
  CHECK(test::eventually([&] { return test::tunnel_count(*rig.segment) == 2; }));
  for (const auto* ends : {&first, &third}) {
    const auto hello = test::frame(ws::Opcode::text, true, test::bytes_of("hello"));
    REQUIRE(test::send_all(ends->origin.get(), hello));
    CHECK(test::receive_exactly(ends->client.get(), hello.size()) == hello);
  }
}

TEST_CASE("a command is obeyed once, and only when the engine looks", "[engine][command]") {
  CommandRig rig;
  REQUIRE(rig.rig.engine.start());
  const auto ends = rig.open(11);
  REQUIRE(rig.all_open(1));
  REQUIRE(rig.command(11, 4001));
  const auto hello = test::frame(ws::Opcode::text, true, test::bytes_of("hello"));
  REQUIRE(test::send_all(ends.origin.get(), hello));
  CHECK(test::receive_exactly(ends.client.get(), hello.size()) == hello);
  rig.rig.engine.look_for_commands();
  CHECK(test::receive_to_end(ends.client.get()).bytes == test::close_with(4001, "closed by operator"));
  REQUIRE(rig.command(11, 4002));
  rig.rig.engine.look_for_commands();
  rig.rig.engine.stop();
  CHECK(test::receive_to_end(ends.origin.get()).bytes.size() == 8 + 18);
  CHECK(rig.rig.process.ended(Outcome::ordered) == 1);
}

TEST_CASE("commands that come during a pause, for tunnels that wait, are obeyed after it",
          "[engine][command]") {
  CommandRig rig;
  rig.rig.engine.pause();
  const auto ends = rig.open(11);
  REQUIRE(rig.command(11, 4001));
  rig.rig.engine.look_for_commands();
  REQUIRE(rig.rig.engine.start());
  CHECK(test::receive_to_end(ends.client.get()).bytes == test::close_with(4001, "closed by operator"));
}

TEST_CASE("a tunnel without a row, or a row without a command, goes on", "[engine][command]") {
  CommandRig rig;
  REQUIRE(rig.rig.engine.start());
  const auto without = rig.rig.open();
  const auto quiet = rig.open(11);
  REQUIRE(rig.all_open(2));
  rig.rig.engine.look_for_commands();
  for (const auto* ends : {&without, &quiet}) {
    const auto hello = test::frame(ws::Opcode::text, true, test::bytes_of("hello"));
    REQUIRE(test::send_all(ends->origin.get(), hello));
    CHECK(test::receive_exactly(ends->client.get(), hello.size()) == hello);
  }
  CHECK(rig.rig.process.ended() == 0);
}

TEST_CASE("the row of a tunnel follows what passes, also when no deadline is near", "[engine][command]") {
  CommandRig rig;
  REQUIRE(rig.rig.engine.start());
  const auto ends = rig.open(11);
  REQUIRE(rig.all_open(1));
  const auto hello = test::frame(ws::Opcode::text, true, test::bytes_of("hello"));
  const auto& row = shm::rows(*rig.segment)[0];
  REQUIRE(row.id == 11);
  for (std::uint64_t said = 1; said <= 2; ++said) {
    REQUIRE(test::send_all(ends.origin.get(), hello));
    CHECK(test::eventually([&] { return row.messages[1] == said; }));
    CHECK(row.bytes[1] == said * hello.size());
  }
}
