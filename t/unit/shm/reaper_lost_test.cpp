// A reaper tells what tunnels it has ended.
#include <catch2/catch.hpp>

#include "mod_wsflow/shm/reaper.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "mod_wsflow/shm/tunnel_table.hpp"
#include "t/unit/support/child_process.hpp"
#include "t/unit/support/live_tunnels.hpp"
#include "t/unit/support/shared_segment.hpp"

using namespace wsflow;

namespace {

shm::RowLease open(shm::TunnelRows& rows, std::uint64_t id) {
  auto row = rows.open({.id = id,
                        .started_us = 5,
                        .client = shm::Address::v4({192, 0, 2, 7}),
                        .server = "a.test",
                        .route = "/chat",
                        .origin = "ws://o"});
  row.show({.bytes = {id, 2}, .messages = {3, 4}, .active = 0, .rtt = {0, 9}, .traits = 0});
  return row;
}

}  // namespace

TEST_CASE("the tunnels of a dead process are told once, with what was shown of them", "[reap]") {
  const test::SharedSegment segment;
  auto* own = shm::claim(*segment, shm::Owner::self(), 1, 0);
  shm::TunnelRows rows(*segment, *own);
  const auto mine = open(rows, 1);
  test::ChildProcess child([&]() -> bool {
    auto* slot = shm::claim(*segment, shm::Owner::self(), 3, 0);
    slot->presence.process = 77;
    shm::TunnelRows theirs(*segment, *slot);
    const auto gone = open(theirs, 10);
    const auto left = open(theirs, 11);
    const auto also = open(theirs, 12);
    { const auto ended = open(theirs, 13); }
    ::_exit(0);  // without freeing a row
  });
  const auto pid = child.pid();
  REQUIRE(child.ended_well());

  shm::Lost lost;
  CHECK(shm::reap_all(*segment, &lost) == 1);
  REQUIRE(lost.tunnels.size() == 3);
  CHECK(lost.presences == std::vector<std::uint64_t>{77});
  for (std::uint64_t i = 0; i < 3; ++i) {
    const auto& tunnel = lost.tunnels[i];
    CHECK(tunnel.id == 10 + i);
    CHECK(tunnel.pid == static_cast<std::uint32_t>(pid));
    CHECK(tunnel.generation == 3);
    CHECK(tunnel.client == "192.0.2.7");
    CHECK(tunnel.server == "a.test");
    CHECK(tunnel.route == "/chat");
    CHECK(tunnel.origin == "ws://o");
    CHECK(tunnel.started_us == 5);
    CHECK(tunnel.bytes[0] == 10 + i);
    CHECK(tunnel.messages[1] == 4);
    CHECK(tunnel.rtt_ms[1] == 8U);
  }
  CHECK(shm::reap_all(*segment, &lost) == 0);
  CHECK(lost.tunnels.size() == 3);
  CHECK(test::tunnel_count(*segment) == 1);
}
