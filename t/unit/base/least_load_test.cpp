#include "mod_wsflow/base/least_load.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <random>
#include <vector>

using namespace wsflow::base;

namespace {

constexpr SlowStart kNone{.now = 1'000'000, .length = 0};
constexpr std::int64_t kStart = 1'000'000;

SlowStart after(std::int64_t time, std::int64_t length = 30'000) {
  return {.now = kStart + time, .length = length};
}

// Gives `count` tunnels, one after the other, to members that have some; returns how many each has got.
std::vector<std::size_t> deal(std::vector<Candidate>& members, std::size_t count, const SlowStart& slow) {
  std::mt19937_64 random(42);
  std::vector<std::size_t> got(members.size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto chosen = choose(members, slow, random());
    ++members[chosen].load;
    ++got[chosen];
  }
  return got;
}

}  // namespace

TEST_CASE("the member with the fewest gets the next one, whatever the chance", "[least_load]") {
  const std::array<Candidate, 3> members{{{.load = 7}, {.load = 6}, {.load = 8}}};
  const auto random = GENERATE(std::uint64_t{0}, UINT64_MAX, std::uint64_t{0x8000000080000000});
  CHECK(choose(members, kNone, random) == 1);
}

TEST_CASE("load counts in relation to the weight", "[least_load]") {
  CHECK(choose(std::array<Candidate, 2>{{{.load = 10, .weight = 100}, {.load = 19, .weight = 200}}}, kNone,
               0) == 1);
  CHECK(choose(std::array<Candidate, 2>{{{.load = 10, .weight = 100}, {.load = 21, .weight = 200}}}, kNone,
               0) == 0);
  std::vector<Candidate> members{{.weight = 100}, {.weight = 200}, {.weight = 300}};
  CHECK(deal(members, 600, kNone) == std::vector<std::size_t>{100, 200, 300});
}

TEST_CASE("those with too many wait until the others have as many", "[least_load]") {
  std::vector<Candidate> members{{.load = 100}, {.load = 0}, {.load = 50}};
  CHECK(deal(members, 150, kNone) == std::vector<std::size_t>{0, 100, 50});
}

TEST_CASE("equals are chosen by chance, by their weights", "[least_load]") {
  const std::array<Candidate, 3> members{{{.weight = 100}, {.weight = 200}, {.weight = 100}}};
  std::mt19937_64 random(42);
  std::array<int, 3> got{};
  for (int i = 0; i < 40'000; ++i) ++got[choose(members, kNone, random())];
  CHECK(got[0] == Approx(10'000).epsilon(0.05));
  CHECK(got[1] == Approx(20'000).epsilon(0.05));
  CHECK(got[2] == Approx(10'000).epsilon(0.05));
}

TEST_CASE("a weight of 0, a load beyond all and a single member do no harm", "[least_load]") {
  CHECK(choose(std::array<Candidate, 2>{{{.load = 5, .weight = 0}, {.load = 4, .weight = 0}}}, kNone, 0) ==
        1);
  CHECK(choose(std::array<Candidate, 2>{{{.load = UINT64_MAX}, {.load = 4}}}, kNone, 0) == 1);
  CHECK(choose(std::array<Candidate, 1>{{{.load = 5, .since = kStart}}}, after(0), UINT64_MAX) == 0);
}

TEST_CASE("a member that came back gets little at first, and all at the end", "[least_load]") {
  const auto share = [](std::int64_t time) {
    std::vector<Candidate> members{{.load = 9000}, {.load = 9000}, {.load = 0, .since = kStart}};
    return static_cast<double>(deal(members, 3000, after(time))[2]) / 3000;
  };
  CHECK(share(0) == Approx(0.1 / 3).margin(0.02));
  CHECK(share(15'000) == Approx(0.5).margin(0.05));
  CHECK(share(27'000) == Approx(0.9).margin(0.05));
  CHECK(share(30'000) == 1);
  CHECK(share(1'000'000) == 1);
}

TEST_CASE("in a large pool a member that came back gets a tenth of its fair share at first", "[least_load]") {
  std::vector<Candidate> members(20, Candidate{.load = 9000});
  members[7] = {.load = 0, .since = kStart};
  CHECK(deal(members, 100'000, after(0))[7] == Approx(500).margin(100));
}

TEST_CASE("members that all begin at once share evenly", "[least_load]") {
  std::vector<Candidate> members(3, Candidate{.since = kStart});
  CHECK(deal(members, 300, after(0)) == std::vector<std::size_t>{100, 100, 100});
}

TEST_CASE("of members that came back at different times the earlier one takes more", "[least_load]") {
  std::vector<Candidate> members{{.since = kStart - 15'000}, {.since = kStart}};
  const auto got = deal(members, 1000, after(0));
  CHECK(got[0] > 850);
  CHECK(got[1] > 10);
}

TEST_CASE("slow start has an end, can be off, and does not believe in the future", "[slow_start]") {
  CHECK(after(0).holds(kStart));
  CHECK(after(29'999).holds(kStart));
  CHECK_FALSE(after(30'000).holds(kStart));
  CHECK_FALSE(after(0, 0).holds(kStart));
  CHECK_FALSE(after(-1).holds(kStart));
  CHECK_FALSE(after(0).holds(kAlwaysInUse));
  CHECK_FALSE(after(0).holds(kOutOfUse));
  CHECK(after(0).bound(kStart, 0.5) == Approx(0.05));
  CHECK(after(0).bound(kAlwaysInUse, 0.5) == 1);
}

TEST_CASE("coming back is noted once, and a member that never went away never comes back", "[slow_start]") {
  std::atomic<std::int64_t> since{kAlwaysInUse};
  CHECK_FALSE(note_use(since, true, 10));
  CHECK(since == kAlwaysInUse);
  CHECK_FALSE(note_use(since, false, 20));
  CHECK(since == kOutOfUse);
  CHECK(note_use(since, true, 30));
  CHECK_FALSE(note_use(since, true, 40));
  CHECK(since == 30);
  CHECK_FALSE(note_use(since, false, 50));
  CHECK(note_use(since, true, 60));
  CHECK(since == 60);
}
