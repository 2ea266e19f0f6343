#include "mod_wsflow/shm/tunnel_view.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "mod_wsflow/shm/labels.hpp"
#include "mod_wsflow/shm/segment.hpp"
#include "t/unit/support/shared_segment.hpp"

using namespace wsflow;
using shm::SortBy;

namespace {

struct Made {
  std::uint64_t id;
  std::uint8_t client;  // 192.0.2.x
  const char* route;
  const char* user;
  limits::PermitRef permit;
  std::uint64_t bytes;
};

// A few tunnels, different in everything.
struct Table {
  Table() {
    const Made all[] = {{1, 30, "/b", "", {}, 10},
                        {2, 10, "/a", "ann", limits::PermitRef::of(7), 30},
                        {3, 20, "/b", "bob", limits::PermitRef::of(9), 20}};
    std::int64_t started = 1'700'000'000'000'000;
    for (const auto& one : all) {
      started += 1'000'000;
      places.push_back(rows.open({.id = one.id,
                                  .started_us = 0,
                                  .began_us = started,
                                  .client = shm::Address::v4({192, 0, 2, one.client}),
                                  .server = "www",
                                  .route = one.route,
                                  .origin = "ws://o" + std::string(one.route),
                                  .permit = one.permit,
                                  .traits = shm::trait::kClientTls,
                                  .user = one.user,
                                  .handshake_us = 2000}));
      places.back().show({.bytes = {one.bytes, one.bytes},
                          .messages = {one.bytes / 10, 1},
                          .active = static_cast<std::uint32_t>(one.bytes),
                          .rtt = {static_cast<std::uint16_t>(one.bytes), 0},
                          .traits = one.id == 2 ? shm::trait::kEnding : std::uint16_t{0}});
    }
  }

  std::vector<std::uint64_t> ids(const shm::Query& query) const {
    std::vector<std::uint64_t> result;
    for (const auto& view : shm::tunnels(*segment, query).tunnels) result.push_back(view.id);
    return result;
  }
  std::vector<std::uint64_t> chosen(const shm::Selector& selector) const {
    return ids({.selector = selector, .count = 9});
  }

  test::SharedSegment segment{2, 4096};
  shm::ProcessSlot* slot = shm::claim(*segment, shm::Owner::make(11, 5), 3, 0);
  shm::TunnelRows rows{*segment, *slot};
  std::vector<shm::RowLease> places;
};

using Ids = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("tunnels come in the order that is asked for", "[tunnel_view]") {
  const Table table;
  const auto sorted = [&](SortBy by) { return table.ids({.sort = by, .count = 9}); };
  CHECK(sorted(SortBy::row) == Ids{1, 2, 3});
  CHECK(sorted(SortBy::age) == Ids{3, 2, 1});   // the youngest first
  CHECK(sorted(SortBy::idle) == Ids{2, 3, 1});  // the last that was active first
  CHECK(sorted(SortBy::bytes) == Ids{1, 3, 2});
  CHECK(sorted(SortBy::messages) == Ids{1, 3, 2});
  CHECK(sorted(SortBy::rtt) == Ids{1, 3, 2});
  CHECK(sorted(SortBy::client) == Ids{2, 3, 1});
  CHECK(sorted(SortBy::user) == Ids{1, 2, 3});
  CHECK(sorted(SortBy::route) == Ids{2, 1, 3});
  CHECK(sorted(SortBy::origin) == Ids{2, 1, 3});
  CHECK(sorted(SortBy::state).back() == 2);
  CHECK(table.ids({.sort = SortBy::bytes, .descending = true, .count = 9}) == Ids{2, 3, 1});
}

TEST_CASE("a page of an order is what all of it would have there", "[tunnel_view]") {
  const Table table;
  for (const auto by : {SortBy::row, SortBy::client}) {
    const auto all = table.ids({.sort = by, .count = 9});
    for (std::size_t first = 0; first < 5; ++first) {
      const auto page = table.ids({.sort = by, .first = first, .count = 1});
      CHECK(page == (first < 3 ? Ids{all[first]} : Ids{}));
    }
    const auto none = shm::tunnels(*table.segment, {.sort = by, .first = 1, .count = 0});
    CHECK(none.tunnels.empty());
    CHECK(none.matched == 3);
  }
}

TEST_CASE("a selector chooses by everything that it has", "[tunnel_view]") {
  const Table table;
  CHECK(table.chosen({.id = 3}) == Ids{3});
  CHECK(table.chosen({.id = 0}).empty());
  CHECK(table.chosen({.client = "192.0.2.10"}) == Ids{2});
  CHECK(table.chosen({.client = "192.0.2.1"}).empty());
  CHECK(table.chosen({.user = "bob"}) == Ids{3});
  CHECK(table.chosen({.user = "bo"}).empty());
  CHECK(table.chosen({.route = "/b"}) == Ids{1, 3});
  CHECK(table.chosen({.server = "www", .route = "/a"}) == Ids{2});
  CHECK(table.chosen({.server = "other", .route = "/a"}).empty());
  CHECK(table.chosen({.origin = "ws://o/a"}) == Ids{2});
  CHECK(table.chosen({.part = "2.20"}) == Ids{3});
  CHECK(table.chosen({.part = "an"}) == Ids{2});
  CHECK(table.chosen({.part = "s://o/b"}) == Ids{1, 3});
  limits::PermitSet permits;
  permits.insert(limits::PermitRef::of(7));
  CHECK(table.chosen({.permits = &permits}) == Ids{2});
  const auto page = shm::tunnels(*table.segment, {.selector = {.route = "/b"}, .count = 1});
  CHECK(page.matched == 2);
  CHECK(page.total == 3);
}

TEST_CASE("who was told once is not untold", "[tunnel_view]") {
  Table table;
  const shm::Selector untold{.route = "/b", .untold = true};
  CHECK(shm::command(*table.segment, untold, 1, shm::Command::close, 1001) == 1);
  CHECK(table.chosen(untold) == Ids{3});
  CHECK(shm::command(*table.segment, untold, 9, shm::Command::close, 1001) == 1);
  CHECK(shm::command(*table.segment, untold, 9, shm::Command::close, 1001) == 0);
  CHECK(shm::action_of(table.places[0].take_command()) == shm::Command::close);
  CHECK(table.places[1].take_command() == 0);
}

TEST_CASE("a view says what was shown of the tunnel", "[tunnel_view]") {
  const Table table;
  const auto view = shm::tunnels(*table.segment, {.selector = {.id = 2}, .count = 1}).tunnels.at(0);
  CHECK(view.client == "192.0.2.10");
  CHECK(view.user == "ann");
  CHECK(view.generation == 3);
  CHECK(view.permit == limits::PermitRef::of(7));
  CHECK(view.bytes == std::array<std::uint64_t, 2>{30, 30});
  CHECK(view.messages == std::array<std::uint64_t, 2>{3, 1});
  CHECK(view.active == 30);
  CHECK(view.rtt_ms[0] == 29U);
  CHECK_FALSE(view.rtt_ms[1]);
  CHECK(view.traits == (shm::trait::kClientTls | shm::trait::kUser | shm::trait::kEnding));
}

TEST_CASE("a route adds up its tunnels, those that have ended too", "[tunnel_view]") {
  Table table;
  table.places[0].show({.bytes = {15, 10}, .messages = {1, 1}, .active = 1, .rtt = {}, .traits = 0});
  table.places.erase(table.places.begin());
  const auto reached_none = shm::intern(*table.segment, {"www", "/b", ""});
  shm::count_refused(*table.segment, reached_none, base::HandshakeRefusal::limit);
  const auto routes = shm::routes(*table.segment);
  REQUIRE(routes.size() == 3);
  CHECK(routes[0].route == "/a");
  CHECK(routes[1].origin.empty());
  CHECK(routes[1].refused == 1);
  CHECK(routes[1].refused_by[static_cast<std::size_t>(base::HandshakeRefusal::limit)] == 1);
  CHECK(routes[1].refused_by[0] == 0);
  CHECK(routes[1].number == reached_none);
  CHECK(routes[1].opened == 0);
  const auto& busy = routes[2];
  CHECK(busy.origin == "ws://o/b");
  CHECK(busy.opened == 2);
  CHECK(busy.active == 1);
  CHECK(busy.bytes == std::array<std::uint64_t, 2>{35, 30});
  CHECK(busy.messages == std::array<std::uint64_t, 2>{3, 2});
  CHECK(busy.handshake_mean == Approx(0.002));
  CHECK(busy.handshake_us == 4000);
}
