#include "mod_wsflow/presence/registry.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <new>
#include <random>
#include <set>

#include "mod_wsflow/presence/stored_key.hpp"

using namespace wsflow;
using presence::Time;

namespace {

constexpr Time kSecond = 1'000'000;
const presence::List kOnline{.name = "online", .route = "", .grace = 10 * kSecond};
const presence::List kRooms{.name = "rooms", .route = "/chat", .grace = 0};

struct Stored {
  std::string name, route, key;
  Time opened, closed;
  std::uint32_t sockets, most;
  std::uint64_t bytes;
};

// A registry and what its store has got.
struct Rig {
  explicit Rig(std::size_t most_closed = 1000) : registry({1, 2}, most_closed) {}

  presence::Interval* join(std::string_view key, Time now, const presence::List& list = kOnline) {
    return registry.join(list, key, now, wakes);
  }
  void leave(presence::Interval* interval, Time now, std::uint64_t bytes = 0) {
    registry.leave(interval, bytes, now, wakes);
  }
  std::vector<Stored> take(std::size_t most = 1000) {
    std::vector<Stored> rows;
    registry.take(most, [&](const presence::Row& row) {
      rows.push_back({row.list->name, row.list->route, std::string(row.key), row.opened, row.closed,
                      row.sockets, row.most, row.bytes});
    });
    return rows;
  }
  std::vector<Stored> store(std::size_t most = 1000) {
    auto rows = take(most);
    registry.sent(true);
    return rows;
  }

  presence::Registry registry;
  bool wakes = false;
};

}  // namespace

TEST_CASE("an interval goes from the first socket of a key to the last", "[presence]") {
  Rig rig;
  auto* first = rig.join("ann", 100);
  CHECK(rig.wakes);
  auto* second = rig.join("ann", 200);
  CHECK_FALSE(rig.wakes);  // the writer knows that something waits
  CHECK(first == second);
  auto rows = rig.store();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].key == "ann");
  CHECK(rows[0].name == "online");
  CHECK(rows[0].opened == 100);
  CHECK(rows[0].closed == 0);
  CHECK(rows[0].sockets == 2);
  CHECK(rows[0].most == 2);
  CHECK(rig.store().empty());

  rig.leave(first, 300, 7);
  rows = rig.store();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].sockets == 1);
  rig.leave(second, 400, 8);
  CHECK(rig.registry.close_held(400 + kOnline.grace - 1, false) == 400 + kOnline.grace);
  CHECK(rig.store().empty());
  CHECK(rig.registry.counts().keys == 1);
  CHECK(rig.registry.close_held(400 + kOnline.grace, false) == 0);
  rows = rig.store();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].opened == 100);
  CHECK(rows[0].closed == 400);
  CHECK(rows[0].sockets == 0);
  CHECK(rows[0].most == 2);
  CHECK(rows[0].bytes == 15);
  const auto counts = rig.registry.counts();
  CHECK(counts.keys == 0);
  CHECK(counts.sockets == 0);
  CHECK(counts.waiting == 0);
  CHECK(counts.joins == 1);
  CHECK(counts.leaves == 1);
}

TEST_CASE("a key that is back within its grace costs no write", "[presence]") {
  Rig rig;
  auto* interval = rig.join("ann", 0);
  rig.store();
  for (Time now = 1; now < 300; ++now) {  // more often than a byte counts
    rig.leave(interval, now);
    interval = rig.join("ann", now);
  }
  CHECK(rig.registry.close_held(100 * kSecond, false) == 0);
  CHECK(rig.store().empty());
  rig.leave(interval, 200 * kSecond);
  CHECK(rig.registry.close_held(210 * kSecond, false) == 0);
  const auto rows = rig.store();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].opened == 0);
  CHECK(rows[0].closed == 200 * kSecond);
}

TEST_CASE("a key that comes back after its grace has another interval", "[presence]") {
  Rig rig;
  rig.leave(rig.join("ann", 0), 5);
  rig.registry.close_held(20 * kSecond, false);
  rig.join("ann", 30 * kSecond);
  const auto rows = rig.store();  // both in one batch
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].closed == 5);
  CHECK(rows[1].opened == 30 * kSecond);
  CHECK(rows[1].closed == 0);
}

TEST_CASE("a key that comes back after its grace has another interval, though the writer was away",
          "[presence]") {
  Rig rig;
  const auto back = kOnline.grace + 2;
  rig.leave(rig.join("ann", 0), 1);
  auto* second = rig.join("ann", back);
  CHECK(rig.registry.counts().keys == 1);
  auto rows = rig.store();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].opened == 0);
  CHECK(rows[0].closed == 1);
  CHECK(rows[1].opened == back);
  CHECK(rows[1].closed == 0);
  rig.leave(second, back + 5);
  // What was held of the first one says nothing of the second.
  CHECK(rig.registry.close_held(back + 5, false) == back + 5 + kOnline.grace);
  CHECK(rig.store().empty());
  rig.join("ann", back + 5 + kOnline.grace);  // just in time
  CHECK(rig.store().empty());
  CHECK(rig.registry.counts().joins == 2);
  CHECK(rig.registry.counts().leaves == 1);
}

TEST_CASE("an interval that is over may end anywhere on its way while it is held", "[presence]") {
  const auto late = 100 * kSecond;
  for (int step = 0; step < 5; ++step) {
    Rig rig(step == 4 ? 0 : 1000);
    auto* first = rig.join("ann", 0);
    rig.leave(first, 1);
    rig.leave(rig.join("ann", 2), 3);  // held twice
    if (step == 1) rig.take();
    rig.join("ann", late);
    if (step == 2) rig.take();
    if (step == 3) rig.store();
    if (step == 0) continue;
    CHECK(rig.registry.close_held(late, false) == 0);
    if (step < 3) rig.registry.sent(true);
    CHECK(rig.registry.counts().keys == 1);
    CHECK(rig.registry.counts().sockets == 1);
    CHECK(rig.registry.counts().lost == (step == 4 ? 1 : 0));
  }
}

TEST_CASE("a store that fails gets the newest state again, once", "[presence]") {
  Rig rig;
  auto* interval = rig.join("ann", 0);
  CHECK(rig.take().size() == 1);
  rig.join("ann", 1);
  rig.registry.sent(false);
  auto rows = rig.take();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].sockets == 2);
  rig.leave(interval, 2);
  rig.leave(interval, 3);
  rig.registry.close_held(1, true);  // closed while it is on its way
  rig.registry.sent(true);
  rows = rig.store();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].closed == 3);
  CHECK(rig.store().empty());
  CHECK(rig.registry.counts().waiting == 0);
}

TEST_CASE("lists and routes do not know each other", "[presence]") {
  Rig rig;
  rig.join("ann", 0);
  rig.join("ann", 0, kRooms);
  const auto rows = rig.store();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].name == "online");
  CHECK(rows[1].name == "rooms");
  CHECK(rows[1].route == "/chat");
  CHECK(rig.registry.counts().keys == 2);
}

TEST_CASE("closed intervals beyond the bound are lost, counted, and repaired by a full sending",
          "[presence]") {
  Rig rig(2);
  auto* stays = rig.join("stays", 0, kRooms);
  for (const auto* key : {"a", "b", "c", "d"}) rig.leave(rig.join(key, 0, kRooms), 1);
  rig.registry.close_held(2, false);
  auto counts = rig.registry.counts();
  CHECK(counts.lost == 2);
  CHECK(counts.waiting == 3);
  CHECK(counts.keys == 1);
  CHECK(rig.registry.needs_full());
  CHECK(rig.registry.begin_full(5) == 1);
  CHECK_FALSE(rig.registry.needs_full());
  CHECK_FALSE(rig.registry.full_is_done());
  std::set<std::string> keys;
  for (const auto& row : rig.store()) keys.insert(row.key);
  CHECK(keys == std::set<std::string>{"stays", "a", "b"});
  CHECK(rig.registry.full_is_done());
  CHECK_FALSE(rig.registry.full_is_done());  // it is told once
  rig.leave(stays, 9);
}

TEST_CASE("a lost interval that is on its way is forgotten when it comes back", "[presence]") {
  Rig rig(0);
  auto* interval = rig.join("ann", 0, kRooms);
  CHECK(rig.take().size() == 1);
  rig.leave(interval, 1);
  rig.registry.close_held(2, false);
  CHECK(rig.registry.counts().lost == 1);
  rig.registry.sent(false);
  CHECK(rig.store().empty());
  CHECK(rig.registry.counts().waiting == 0);
}

TEST_CASE("a full sending is not done before all that there was is stored", "[presence]") {
  Rig rig;
  for (int i = 0; i < 500; ++i) rig.join(std::to_string(i), i);
  rig.store();
  CHECK(rig.registry.begin_full(1000) == 1);
  CHECK(rig.store(200).size() == 200);
  CHECK_FALSE(rig.registry.full_is_done());
  CHECK(rig.take(1000).size() == 300);
  rig.registry.sent(false);
  CHECK_FALSE(rig.registry.full_is_done());
  CHECK(rig.store().size() == 300);
  CHECK(rig.registry.full_is_done());
}

TEST_CASE("a full sending is not done before what had ended is stored", "[presence]") {
  Rig rig;
  auto* interval = rig.join("ann", 1);
  rig.join("bob", 1);
  rig.store();
  rig.leave(interval, 2);
  rig.join("bob", 3);  // waits in front of ann's end
  rig.registry.close_held(100 * kSecond, false);
  rig.registry.begin_full(100 * kSecond);
  CHECK(rig.store(1).size() == 1);
  CHECK_FALSE(rig.registry.full_is_done());  // the store would end ann when it is told so, not when she went
  rig.take(1);
  rig.registry.sent(false);
  CHECK_FALSE(rig.registry.full_is_done());
  rig.store(1);
  CHECK(rig.registry.full_is_done());
  rig.leave(rig.join("cid", 1), 2);
  rig.registry.close_held(200 * kSecond, false);
  rig.registry.begin_full(200 * kSecond);
  rig.leave(rig.join("dan", 1), 2);
  rig.registry.close_held(300 * kSecond, false);  // after it: nobody waits for this one
  rig.store(2);
  CHECK(rig.registry.full_is_done());
}

TEST_CASE("what the store has at the end is what was true, whatever fails between", "[presence]") {
  const auto seed = GENERATE(range(1U, 21U));
  CAPTURE(seed);
  std::minstd_rand random(seed);
  Rig rig;
  std::map<std::string, std::vector<presence::Interval*>> sockets;
  std::map<std::pair<std::string, Time>, Stored> stored;
  Time now = 1;
  std::vector<Stored> on_way;
  const auto finish = [&](bool good) {
    rig.registry.sent(good);
    for (const auto& row : on_way) {
      if (good) stored[{row.key, row.opened}] = row;
    }
    on_way.clear();
  };
  for (int step = 0; step < 2000; ++step, now += 1 + random() % (2 * kSecond)) {
    const auto key = "key" + std::to_string(random() % 7);
    auto& of_key = sockets[key];
    switch (random() % 5) {
      case 0:
      case 1: of_key.push_back(rig.join(key, now)); break;
      case 2:
        if (of_key.empty()) break;
        rig.leave(of_key.back(), now, 1);
        of_key.pop_back();
        break;
      case 3: rig.registry.close_held(now, false); break;
      default:
        if (on_way.empty()) {
          on_way = rig.take(1 + random() % 5);
        } else {
          finish(random() % 2 == 0);
        }
    }
  }
  finish(true);
  rig.registry.close_held(now, true);
  for (on_way = rig.take(); !on_way.empty(); on_way = rig.take()) finish(true);
  std::map<std::string, std::uint32_t> open;
  for (const auto& [id, row] : stored) {
    if (row.closed == 0) {
      CHECK(open.count(row.key) == 0);
      open[row.key] = row.sockets;
    } else {
      CHECK(row.sockets == 0);
    }
  }
  std::uint64_t count = 0;
  for (const auto& [key, of_key] : sockets) {
    CAPTURE(key);
    CHECK(open[key] == of_key.size());
    count += of_key.size();
  }
  CHECK(rig.registry.counts().sockets == count);
  CHECK(rig.registry.counts().waiting == 0);
}

TEST_CASE("a hundred thousand keys take little memory and stay apart", "[presence]") {
  Rig rig;
  constexpr int kKeys = 100'000;
  for (int i = 0; i < kKeys; ++i) rig.join("user-" + std::to_string(i), i);
  CHECK(rig.registry.counts().keys == kKeys);
  std::set<std::string> seen;
  for (auto rows = rig.store(); !rows.empty(); rows = rig.store()) {
    for (auto& row : rows) seen.insert(std::move(row.key));
  }
  CHECK(seen.size() == kKeys);
}

TEST_CASE("keys that are no plain text are stored as their hash", "[presence]") {
  CHECK(presence::stored_key("ann") == "ann");
  CHECK(presence::stored_key("J\xc3\xbcrgen, \"x\"") == "J\xc3\xbcrgen, \"x\"");
  CHECK(presence::stored_key(std::string(presence::kLongestKey, 'k')) ==
        std::string(presence::kLongestKey, 'k'));
  for (const auto& key : {std::string(presence::kLongestKey + 1, 'k'), std::string("\xff"),
                          std::string("a\tb"), std::string("sha256:"), std::string("\xed\xa0\x80")}) {
    const auto stored = presence::stored_key(key);
    CAPTURE(key);
    CHECK(stored.size() == 71);
    CHECK(stored.starts_with("sha256:"));
    CHECK(stored == presence::stored_key(key));
  }
  // As every other tool makes it.
  CHECK(presence::stored_key("sha256:") ==
        "sha256:9fd714ce6f63c3b320c944b70e80a5d105fd2f3e2d30ae2fa81370e223f50d07");
}
