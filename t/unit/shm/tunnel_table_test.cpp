
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "mod_wsflow/shm/reaper.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "t/unit/support/child_process.hpp"
#include "t/unit/support/live_tunnels.hpp"
#include "t/unit/support/shared_segment.hpp"
#include "t/unit/support/wait.hpp"

using namespace wsflow;
using shm::Command;
using test::owner;

namespace {

shm::TunnelFacts facts(std::uint64_t id) {
  return {.id = id,
          .started_us = 1700000000000000,
          .began_us = 17,
          .client = shm::Address::v4({192, 0, 2, 1}),
          .server = "www.example.org",
          .route = "/chat",
          .origin = "ws://127.0.0.1:9000"};
}

struct Table {
  explicit Table(std::size_t rows_wanted = 4096) : segment(1, rows_wanted) {
    slot = shm::claim(*segment, owner(11), 1, 0);
    rows.emplace(*segment, *slot);
  }
  std::size_t pages_taken() const {
    const auto heads = shm::page_heads(*segment);
    return static_cast<std::size_t>(
        std::count_if(heads.begin(), heads.end(), [](const auto& head) { return head.owner != 0; }));
  }

  test::SharedSegment segment;
  shm::ProcessSlot* slot;
  std::optional<shm::TunnelRows> rows;
};

}  // namespace

TEST_CASE("a row says what its tunnel is, as long as it lives", "[tunnel_table]") {
  Table table;
  CHECK(test::tunnels(*table.segment, 0, 10).empty());
  {
    const auto place = table.rows->open(facts(0xABCD));
    REQUIRE(place);
    const auto all = test::tunnels(*table.segment, 0, 10);
    REQUIRE(all.size() == 1);
    CHECK(test::tunnel_count(*table.segment) == 1);
    const auto& view = all[0];
    CHECK(view.id == 0xABCD);
    CHECK(view.pid == 11);
    CHECK(view.kind == shm::ProcessKind::child);
    CHECK(view.generation == 1);
    CHECK(view.started_us == 1700000000000000);
    CHECK(view.began_us == 17);
    CHECK(view.client == "192.0.2.1");
    CHECK(view.server == "www.example.org");
    CHECK(view.route == "/chat");
    CHECK(view.origin == "ws://127.0.0.1:9000");
    CHECK(table.pages_taken() == 1);
  }
  CHECK(test::tunnels(*table.segment, 0, 10).empty());
  CHECK(test::tunnel_count(*table.segment) == 0);
  CHECK(table.pages_taken() == 0);
}

TEST_CASE("a tunnel without an id is not shown, and its neighbours are", "[tunnel_table]") {
  Table table;
  const auto first = table.rows->open(facts(1));
  const auto empty = table.rows->open({});
  const auto second = table.rows->open(facts(2));
  CHECK(test::tunnels(*table.segment, 0, 9).size() == 2);
}

TEST_CASE("tunnels of one route share a label", "[tunnel_table]") {
  Table table;
  const auto first = table.rows->open(facts(1));
  const auto second = table.rows->open(facts(2));
  auto other_facts = facts(3);
  other_facts.route = "/other";
  const auto other = table.rows->open(other_facts);
  const auto rows = shm::rows(*table.segment);
  CHECK(rows[0].label == rows[1].label);
  CHECK(rows[0].label != rows[2].label);
  CHECK(test::tunnels(*table.segment, 0, 9).at(2).route == "/other");
}

TEST_CASE("a tunnel whose label found no room is shown without texts, and takes commands", "[tunnel_table]") {
  Table table;
  for (auto& bits : shm::label_table(*table.segment).taken) bits = ~std::uint64_t{0};
  auto place = table.rows->open(facts(1));
  const auto all = test::tunnels(*table.segment, 0, 9);
  REQUIRE(all.size() == 1);
  CHECK(all[0].id == 1);
  CHECK(all[0].client == "192.0.2.1");
  CHECK(all[0].server.empty());
  CHECK(all[0].route.empty());
  CHECK(all[0].origin.empty());
  REQUIRE(test::close(*table.segment, 1, 1000));
  CHECK(place.take_command() != 0);
}

TEST_CASE("a full table gives no row, and a freed row is used again", "[tunnel_table]") {
  Table table(64);  // and a page that a process may leave half used
  std::vector<shm::RowLease> places;
  for (std::uint64_t id = 1; id <= 128; ++id) {
    CHECK(table.rows->has_room());
    places.push_back(table.rows->open(facts(id)));
    REQUIRE(places.back());
  }
  CHECK_FALSE(table.rows->has_room());
  CHECK(table.pages_taken() == 2);
  auto none = table.rows->open(facts(999));
  CHECK_FALSE(none);
  CHECK(none.take_command() == 0);
  std::set<std::uint64_t> ids;
  for (const auto& view : test::tunnels(*table.segment, 0, 1000)) ids.insert(view.id);
  CHECK(ids.size() == 128);
  places.erase(places.begin() + 70);
  CHECK(table.rows->has_room());
  none = table.rows->open(facts(999));
  CHECK(none);
  CHECK_FALSE(table.rows->open(facts(1000)));
  places.clear();
  CHECK(test::tunnel_count(*table.segment) == 1);
  CHECK(table.pages_taken() == 1);
}

TEST_CASE("a reader gets the part that it asks for", "[tunnel_table]") {
  Table table;
  std::vector<shm::RowLease> places;
  for (std::uint64_t id = 1; id <= 150; ++id) places.push_back(table.rows->open(facts(id)));
  const auto ids = [&](std::size_t first, std::size_t count) {
    std::vector<std::uint64_t> result;
    for (const auto& view : test::tunnels(*table.segment, first, count)) result.push_back(view.id);
    return result;
  };
  CHECK(ids(0, 2) == std::vector<std::uint64_t>{1, 2});
  CHECK(ids(63, 3) == std::vector<std::uint64_t>{64, 65, 66});
  CHECK(ids(148, 10) == std::vector<std::uint64_t>{149, 150});
  CHECK(ids(150, 10).empty());
  CHECK(ids(0, 0).empty());
  CHECK(ids(0, SIZE_MAX).size() == 150);
  CHECK(ids(SIZE_MAX, SIZE_MAX).empty());
}

TEST_CASE("a command comes to its tunnel once", "[tunnel_table]") {
  Table table;
  auto first = table.rows->open(facts(1));
  auto second = table.rows->open(facts(2));
  CHECK(second.take_command() == 0);
  CHECK_FALSE(test::close(*table.segment, 3, 1000));
  CHECK_FALSE(test::close(*table.segment, 0, 1000));
  CHECK(table.slot->commands == 0);
  REQUIRE(test::close(*table.segment, 2, 4321));
  CHECK(table.slot->commands == 1);
  CHECK(first.take_command() == 0);
  const auto told = second.take_command();
  CHECK(shm::action_of(told) == Command::close);
  CHECK(shm::code_of(told) == 4321);
  CHECK(second.take_command() == 0);
  REQUIRE(test::close(*table.segment, 2, 1000));
  REQUIRE(test::close(*table.segment, 2, 1001));
  CHECK(shm::code_of(second.take_command()) == 1001);
}

TEST_CASE("a command for a tunnel that has ended is not for the next one in its row", "[tunnel_table]") {
  Table table;
  auto place = table.rows->open(facts(1));
  REQUIRE(test::close(*table.segment, 1, 1000));
  place = {};
  CHECK_FALSE(test::close(*table.segment, 1, 1000));
  place = table.rows->open(facts(2));
  CHECK(place.take_command() == 0);
  REQUIRE(test::close(*table.segment, 2, 1000));
  CHECK(place.take_command() != 0);
}

TEST_CASE("some tunnels of a resource are told, each once", "[tunnel_table]") {
  Table table;
  const auto of_resource = [](std::uint64_t id, std::optional<std::uint32_t> resource) {
    auto result = facts(id);
    result.resource = resource;
    return result;
  };
  std::vector<shm::RowLease> places;
  for (std::uint64_t id = 1; id <= 5; ++id) places.push_back(table.rows->open(of_resource(id, 0)));
  auto other = table.rows->open(of_resource(6, 1));
  auto none = table.rows->open(of_resource(7, std::nullopt));
  const auto tell = [&](std::size_t most) {
    return shm::command(*table.segment, {.resource = 0, .untold = true}, most, Command::close, 1012);
  };
  CHECK(tell(0) == 0);
  CHECK(tell(2) == 2);
  CHECK(table.slot->commands == 2);
  CHECK(shm::code_of(places[0].take_command()) == 1012);
  CHECK(tell(2) == 2);  // neither the one that waits nor the one that was obeyed
  CHECK(places[0].take_command() == 0);
  CHECK(tell(2) == 1);
  CHECK(tell(2) == 0);
  for (std::size_t i = 1; i < places.size(); ++i) CHECK(places[i].take_command() != 0);
  CHECK(other.take_command() == 0);
  CHECK(none.take_command() == 0);
  // Whoever comes next into the row was told nothing, and an operator may say more than once.
  places[0] = {};
  places[0] = table.rows->open(of_resource(8, 0));
  CHECK(tell(9) == 1);
  REQUIRE(test::close(*table.segment, 8, 1000));
  CHECK(shm::code_of(places[0].take_command()) == 1000);
}

TEST_CASE("a place that is moved frees its row once", "[tunnel_table]") {
  Table table;
  auto first = table.rows->open(facts(1));
  {
    auto second = std::move(first);
    CHECK(second);
    CHECK(test::tunnel_count(*table.segment) == 1);
  }
  CHECK(test::tunnel_count(*table.segment) == 0);
}

TEST_CASE("a process without a slot of the segment has no rows", "[tunnel_table]") {
  const test::SharedSegment segment;
  const shm::ProcessSlot own{};
  shm::TunnelRows rows(*segment, own);
  CHECK_FALSE(rows.open(facts(1)));
}

TEST_CASE("rows go with their slot: to a keeper, and with a reaper to nobody", "[tunnel_table]") {
  Table table;
  std::vector<shm::RowLease> places;
  for (std::uint64_t id = 1; id <= 100; ++id) places.push_back(table.rows->open(facts(id)));
  test::ChildProcess keeper([&] {
    if (!shm::transfer(*table.slot, owner(11), shm::Owner::self(), shm::ProcessKind::keeper)) return false;
    places.resize(90);
    const auto more = table.rows->open(facts(777));
    const auto seen = test::tunnels(*table.segment, 0, 1000);
    const bool ours = std::all_of(seen.begin(), seen.end(), [](const auto& view) {
      return view.pid == static_cast<std::uint32_t>(::getpid()) && view.kind == shm::ProcessKind::keeper;
    });
    const bool right = more && seen.size() == 91 && ours;
    ::_exit(right ? 0 : 1);  // without freeing a row
  });
  REQUIRE(keeper.ended_well());
  CHECK(test::tunnel_count(*table.segment) == 91);
  CHECK(shm::reap_all(*table.segment) == 1);
  CHECK(test::tunnel_count(*table.segment) == 0);
  CHECK(table.pages_taken() == 0);
  for (auto& place : places) new (&place) shm::RowLease();  // the rows are not ours any more
}

TEST_CASE("a row that a process died in is written again by the next", "[tunnel_table]") {
  Table table;
  shm::rows(*table.segment)[0].sequence = 7;
  shm::rows(*table.segment)[0].id = 99;
  const auto place = table.rows->open(facts(1));
  REQUIRE(test::tunnels(*table.segment, 0, 5).size() == 1);
  CHECK(shm::rows(*table.segment)[0].sequence == 8);
}

TEST_CASE("readers and commands among threads that open and free see whole rows only", "[tunnel_table]") {
  Table table(512);
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> stray{0};
  std::vector<std::thread> threads;
  for (std::uint64_t thread = 1; thread <= 3; ++thread) {
    threads.emplace_back([&, thread] {
      const std::string text(40, static_cast<char>('a' + thread));
      for (std::uint64_t round = 0; !done; ++round) {
        const auto id = (thread << 32U) | (round + 1);
        shm::Address client;
        client.bytes.fill(static_cast<std::uint8_t>(thread));
        const shm::TunnelFacts facts{.id = id,
                                     .started_us = 0,
                                     .client = client,
                                     .server = text,
                                     .route = text,
                                     .origin = text,
                                     .permit = limits::PermitRef::of(thread),
                                     .user = text};
        auto other_facts = facts;
        other_facts.id = ~id;
        auto place = table.rows->open(facts);
        std::array<shm::RowLease, 3> more;
        for (auto& other : more) other = table.rows->open(other_facts);
        // Whoever commands names the id in the code.
        if (const auto told = place.take_command(); told != 0 && shm::code_of(told) != (id & 0xFFFF)) ++stray;
      }
    });
  }
  std::uint64_t torn = 0;
  std::uint64_t seen = 0;
  const bool enough = test::eventually([&] {
    for (const auto& view : test::tunnels(*table.segment, 0, 100)) {
      ++seen;
      const std::string text(40, static_cast<char>('a' + view.permit.number()));
      const auto thread = (static_cast<std::int64_t>(view.id) < 0 ? ~view.id : view.id) >> 32U;
      shm::Address client;
      client.bytes.fill(static_cast<std::uint8_t>(view.permit.number()));
      if (view.client != client.text() || view.server != text || view.origin != text || view.user != text ||
          thread != view.permit.number())
        ++torn;
      test::close(*table.segment, view.id, static_cast<std::uint16_t>(view.id));
    }
    return seen > 5000;
  });
  done = true;
  for (auto& thread : threads) thread.join();
  CHECK(enough);
  CHECK(torn == 0);
  CHECK(stray == 0);
  CHECK(test::tunnel_count(*table.segment) == 0);
  CHECK(table.pages_taken() == 0);
}
