#include "mod_wsflow/shm/labels.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "t/unit/support/child_process.hpp"
#include "t/unit/support/shared_segment.hpp"
#include "t/unit/support/status_model.hpp"

using namespace wsflow;

namespace {

std::size_t taken(const shm::Layout& layout) {
  std::size_t count = 0;
  for (const auto& bits : shm::label_table(layout).taken)
    count += static_cast<std::size_t>(std::popcount(bits.load()));
  return count;
}

// The indexes that stand at a place.
std::vector<std::uint32_t> published(const shm::Layout& layout) {
  std::vector<std::uint32_t> result;
  for (const auto& place : shm::label_table(layout).places)
    if (place != 0) result.push_back(place);
  return result;
}

std::string origin_of(std::uint64_t number) {
  return "ws://origin-" + std::to_string(number) + ":9000";
}

// The label of this number: its three texts name it.
std::uint32_t add(shm::Layout& layout, std::uint64_t number) {
  const auto route = "/" + std::to_string(number);
  return shm::intern(layout, {std::to_string(number), route, origin_of(number)});
}

bool is_whole(const shm::LabelView& label) {
  return label.route == "/" + label.server && label.origin == "ws://origin-" + label.server + ":9000";
}

struct View {
  std::string server;
  std::string route;
  std::string origin;
};

void check(const shm::LabelView& label, const View& wanted) {
  CHECK(label.server == wanted.server);
  CHECK(label.route == wanted.route);
  CHECK(label.origin == wanted.origin);
}

}  // namespace

TEST_CASE("the same texts have one index, and others another one", "[labels]") {
  const test::SharedSegment segment;
  const auto first = shm::intern(*segment, {"www.example.org", "/chat", "ws://127.0.0.1:9000"});
  REQUIRE(first != 0);
  CHECK(shm::intern(*segment, {"www.example.org", "/chat", "ws://127.0.0.1:9000"}) == first);
  std::set<std::uint32_t> all{first};
  all.insert(shm::intern(*segment, {"www.example.com", "/chat", "ws://127.0.0.1:9000"}));
  all.insert(shm::intern(*segment, {"www.example.org", "/chat/", "ws://127.0.0.1:9000"}));
  all.insert(shm::intern(*segment, {"www.example.org", "/chat", "ws://127.0.0.1:9001"}));
  // The same letters, shared out in another way.
  all.insert(shm::intern(*segment, {"www.example.org/", "chat", "ws://127.0.0.1:9000"}));
  all.insert(shm::intern(*segment, {"", "", "ws://127.0.0.1:9000"}));
  CHECK(all.size() == 6);
  CHECK(all.count(0) == 0);
  CHECK(taken(*segment) == 6);
  check(shm::label(*segment, first), {"www.example.org", "/chat", "ws://127.0.0.1:9000"});
}

TEST_CASE("no texts and no index are no label", "[labels]") {
  const test::SharedSegment segment;
  CHECK(shm::intern(*segment, {}) == 0);
  CHECK(taken(*segment) == 0);
  check(shm::label(*segment, 0), {});
  check(shm::label(*segment, shm::kLabels), {});
  check(shm::label(*segment, shm::kLabels + 1), {});
  check(shm::label(*segment, UINT32_MAX), {});
}

TEST_CASE("texts that are too long are cut and leave their neighbours alone", "[labels]") {
  const test::SharedSegment segment;
  const std::string server(300, 's');
  const std::string route(300, 'r');
  const std::string origin(300, 'o');
  const View cut{server.substr(0, 56), route.substr(0, 56), origin.substr(0, 64)};
  const auto index = shm::intern(*segment, {server, route, origin});
  check(shm::label(*segment, index), cut);
  CHECK(shm::intern(*segment, {cut.server, cut.route, cut.origin}) == index);
  const auto shorter = shm::intern(*segment, {server.substr(0, 55), route, origin});
  CHECK(shorter != index);
  check(shm::label(*segment, shorter), {server.substr(0, 55), cut.route, cut.origin});
}

TEST_CASE("any bytes are kept up to the first zero", "[labels]") {
  const test::SharedSegment segment;
  const auto index = shm::intern(*segment, {test::kHostile, "%s%n", "\xFF\xFE"});
  check(shm::label(*segment, index), {test::kHostile, "%s%n", "\xFF\xFE"});
  using namespace std::string_view_literals;
  check(shm::label(*segment, shm::intern(*segment, {"a\0b"sv, "/", "o"})), {"a", "/", "o"});
}

TEST_CASE("a full table gives 0, and still what it has", "[labels]") {
  const test::SharedSegment segment;
  std::set<std::uint32_t> all;
  for (std::uint64_t i = 0; i < shm::kLabels; ++i) all.insert(add(*segment, i));
  CHECK(all.size() == shm::kLabels);
  CHECK(*all.begin() == 1);
  CHECK(*all.rbegin() == shm::kLabels);
  CHECK(shm::labels_lost(*segment) == 0);
  CHECK(add(*segment, shm::kLabels) == 0);
  CHECK(add(*segment, shm::kLabels + 1) == 0);
  CHECK(shm::labels_lost(*segment) == 2);
  for (std::uint64_t i = 0; i < shm::kLabels; ++i) {
    const auto index = add(*segment, i);
    REQUIRE(all.count(index) == 1);
    REQUIRE(shm::label(*segment, index).origin == origin_of(i));
  }
}

TEST_CASE("origins that requests choose leave room for the others", "[labels]") {
  const test::SharedSegment segment;
  const auto choose = [&](std::uint64_t number, const char* route) {
    return shm::intern(*segment, {"www", route, origin_of(number), true});
  };
  std::set<std::uint32_t> all;
  for (std::uint64_t i = 0; i < shm::kLabelsOfRequests; ++i) all.insert(choose(i, "/a"));
  CHECK(all.size() == shm::kLabelsOfRequests);
  const auto other = choose(shm::kLabelsOfRequests, "/a");
  check(shm::label(*segment, other), {"www", "/a", std::string(shm::kOtherOrigins)});
  CHECK(choose(shm::kLabelsOfRequests + 1, "/a") == other);
  check(shm::label(*segment, choose(0, "/b")), {"www", "/b", std::string(shm::kOtherOrigins)});
  CHECK(all.count(choose(0, "/a")) == 1);
  CHECK(taken(*segment) == shm::kLabelsOfRequests + 2);
  check(shm::label(*segment, add(*segment, 7)), {"7", "/7", origin_of(7)});
  CHECK(shm::labels_lost(*segment) == 0);
}

TEST_CASE("an index at every place ends the search", "[labels]") {
  const test::SharedSegment segment;
  const auto index = add(*segment, 1);
  for (auto& place : shm::label_table(*segment).places) place = index;
  CHECK(add(*segment, 1) == index);
  CHECK(add(*segment, 2) == 0);
  CHECK(taken(*segment) == 1);
}

TEST_CASE("threads that add the same labels get the same indexes", "[labels]") {
  const test::SharedSegment segment;
  constexpr std::uint64_t kMany = 1000;
  std::vector<std::vector<std::uint32_t>> found(4);
  std::atomic<std::size_t> ready{0};
  std::vector<std::thread> threads;
  for (auto& mine : found) {
    threads.emplace_back([&] {
      ++ready;
      while (ready != found.size()) std::this_thread::yield();
      for (std::uint64_t i = 0; i < kMany; ++i) mine.push_back(add(*segment, i));
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& mine : found) CHECK(mine == found[0]);
  CHECK(std::set<std::uint32_t>(found[0].begin(), found[0].end()).size() == kMany);
  CHECK(published(*segment).size() == kMany);
  CHECK(taken(*segment) == kMany);
}

TEST_CASE("processes that add the same labels get the same indexes", "[labels]") {
  const test::SharedSegment segment;
  const test::SharedSegment other;  // where the processes tell the test what they have got
  constexpr std::uint64_t kMany = 500;
  constexpr std::size_t kProcesses = 4;
  const auto rows = shm::rows(*other);
  auto& ready = other->generation;
  std::vector<test::ChildProcess> children;
  for (std::size_t process = 0; process < kProcesses; ++process) {
    children.emplace_back([&, process] {
      ++ready;
      while (ready != kProcesses) std::this_thread::yield();
      for (std::uint64_t i = 0; i < kMany; ++i)
        rows[process * kMany + i].label = static_cast<std::uint16_t>(add(*segment, i));
      return true;
    });
  }
  for (auto& child : children) REQUIRE(child.ended_well());
  for (std::uint64_t i = 0; i < kMany; ++i) {
    const auto index = add(*segment, i);
    REQUIRE(is_whole(shm::label(*segment, index)));
    for (std::size_t process = 0; process < kProcesses; ++process)
      REQUIRE(rows[process * kMany + i].label == index);
  }
  CHECK(published(*segment).size() == kMany);
  CHECK(taken(*segment) == kMany);
}

TEST_CASE("a label that a process died in is lost, and no other", "[labels]") {
  const test::SharedSegment segment;
  auto& table = shm::label_table(*segment);
  table.taken[0] = 0b101;
  table.labels[0].text.fill('x');  // as far as it came
  const auto index = add(*segment, 7);
  CHECK(index == 2);
  CHECK(add(*segment, 8) == 4);
  CHECK(add(*segment, 7) == index);
  CHECK(is_whole(shm::label(*segment, index)));
}

TEST_CASE("processes that are killed while they add leave whole labels, and lose one each", "[labels]") {
  std::minstd_rand random(4711);
  std::size_t killed = 0;
  std::size_t lost = 0;
  for (int round = 0; round < 100; ++round) {
    const test::SharedSegment segment;
    std::vector<test::ChildProcess> adding;
    for (int i = 0; i < 3; ++i) {
      adding.emplace_back([&segment, after = static_cast<useconds_t>(1 + random() % 2000)] {
        ::ualarm(after, 0);  // kills it wherever it is, as nobody handles the signal
        for (std::uint64_t number = 0; add(*segment, number) != 0;) ++number;
        return true;
      });
    }
    std::size_t killed_now = 0;
    for (auto& child : adding) killed_now += child.ended_well() ? 0 : 1;
    const auto indexes = published(*segment);
    std::set<std::string> names;
    for (const auto index : indexes) {
      const auto label = shm::label(*segment, index);
      REQUIRE(is_whole(label));
      names.insert(label.server);
    }
    REQUIRE(names.size() == indexes.size());
    REQUIRE(taken(*segment) - indexes.size() <= killed_now);
    REQUIRE((taken(*segment) == shm::kLabels || add(*segment, 1'000'000) != 0));
    killed += killed_now;
    lost += taken(*segment) - published(*segment).size();
  }
  INFO(lost << " labels were lost with " << killed << " processes");
  CHECK(killed > 0);
}
