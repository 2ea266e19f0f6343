#include "mod_wsflow/limits/view.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "mod_wsflow/limits/definitions.hpp"
#include "t/unit/support/limits_table.hpp"

using namespace wsflow;
using namespace wsflow::limits;

namespace {

constexpr Micros kBegin = 1'003 * kSecond;

LimitDefinition limit(std::string_view name, std::uint32_t concurrency) {
  LimitDefinition definition;
  name.copy(definition.name, kNameSize - 1);
  definition.settings.concurrency = concurrency;
  return definition;
}

struct Rig {
  explicit Rig(const std::vector<LimitDefinition>& definitions) { REQUIRE(define(definitions)); }
  bool define(const std::vector<LimitDefinition>& definitions) {
    return test::define(limiter, definitions, ++generation, 0, kBegin);
  }
  Answer acquire(std::string_view key = {}, Micros now = kBegin) {
    const Demand demand{.limit = LimitNumber::of(0), .key = make_key(table->secret, key, true)};
    return limiter.acquire({&demand, 1}, Waiting::never, now);
  }

  test::LimitsTable table;
  SlotWakeups wakeups;
  Limiter limiter{*table, 3, wakeups};
  std::uint32_t generation = 0;
};

LimitDefinition keyed(std::string_view name) {
  LimitDefinition definition;
  name.copy(definition.name, kNameSize - 1);
  definition.settings.concurrency = 1000;
  definition.keyed = true;
  return definition;
}

// Limits "client" and "origin", each with a key.
struct KeyedRig {
  KeyedRig() { REQUIRE(define({keyed("client"), keyed("origin")})); }
  bool define(const std::vector<LimitDefinition>& definitions) {
    return test::define(limiter, definitions, ++generation, 0, kBegin);
  }
  Key key(std::string_view text, bool show = true) { return make_key(table->secret, text, show); }
  PermitRef hold(std::string_view client, std::string_view origin = {}, bool show = true) {
    const Demand demands[] = {{.limit = LimitNumber::of(0), .key = key(client, show)},
                              {.limit = LimitNumber::of(1), .key = key(origin, show)}};
    const auto answer =
        limiter.acquire(std::span(demands).first(origin.empty() ? 1 : 2), Waiting::never, kBegin);
    REQUIRE(answer.state == PermitState::held);
    return answer.permit;
  }
  std::vector<PermitRef> holders(std::string_view limit, std::string_view text) {
    const auto marks = holders_of(limiter, limit, key(text, false));
    std::vector<PermitRef> result;
    REQUIRE(marks);
    for (std::size_t i = 0; i < kPermits; ++i) {
      if (marks->contains(PermitRef::of(i))) result.push_back(PermitRef::of(i));
    }
    return result;
  }

  test::LimitsTable table;
  SlotWakeups wakeups;
  Limiter limiter{*table, 3, wakeups};
  std::uint32_t generation = 0;
};

}  // namespace

TEST_CASE("the need of a steady load is its rate times its time", "[limits][view]") {
  const auto permits = GENERATE(100U, 25U);
  const auto lasts = GENERATE(8 * kSecond, 65 * kSecond, 600 * kSecond);
  CAPTURE(permits, lasts);
  Rig rig({limit("origin", permits)});
  // 20 a second, of 2 s: 40 permits; what is refused is part of the need.
  const bool enough = permits >= 40;
  using PermitLease = std::pair<Micros, PermitRef>;
  std::priority_queue<PermitLease, std::vector<PermitLease>, std::greater<>> held;
  const auto release_until = [&](Micros now) {
    for (; !held.empty() && held.top().first <= now; held.pop()) {
      rig.limiter.release(held.top().second, held.top().first);
    }
  };
  Micros now = kBegin;
  for (int i = 0; now < kBegin + lasts; now += kSecond / 20, ++i) {
    // Where some are refused, all are alike: those that are admitted stand for the others.
    const auto time = !enough ? 2 * kSecond : i % 2 == 0 ? kSecond : 3 * kSecond;
    release_until(now);
    const auto answer = rig.acquire({}, now);
    if (answer.state == PermitState::held) held.emplace(now + time, answer.permit);
  }
  const auto views = limits::all_limits(rig.limiter, now);
  REQUIRE(views.size() == 1);
  const auto& view = views.front();
  CHECK(view.arrival_rate == Approx(20).epsilon(0.02));
  CHECK(view.need.permits == Approx(40).epsilon(0.1));
  CHECK(view.held_p95 == Approx(enough ? 3 : 2).epsilon(0.1));
  if (enough) {
    CHECK(view.admission_rate == Approx(20).epsilon(0.02));
    CHECK(view.in_use == 40);
  } else {
    CHECK(view.in_use <= 25);
    CHECK(view.peak == 25);
    CHECK(view.admission_rate < 15);
    CHECK(view.refused[static_cast<std::size_t>(LimitReason::concurrency)] == view.arrivals - view.admitted);
    CHECK(view.refusal_rate == Approx(view.arrival_rate - view.admission_rate).epsilon(0.01));
  }
}

TEST_CASE("a load that is over fades, and what was measured of its time stays", "[limits][view]") {
  Rig rig({limit("origin", 5)});
  for (int i = 0; i < 10; ++i) {
    const auto now = kBegin + i * kSecond;
    rig.limiter.release(rig.acquire({}, now).permit, now + kSecond / 2);
  }
  auto view = limits::all_limits(rig.limiter, kBegin + 40 * kSecond).front();
  CHECK(view.arrival_rate == Approx(10.0 / 40));
  CHECK(view.release_rate == Approx(10.0 / 40));
  view = limits::all_limits(rig.limiter, kBegin + 300 * kSecond).front();
  CHECK(view.arrival_rate == 0);
  CHECK(view.need.permits == 0);
  CHECK(view.held_mean == Approx(0.5));
  CHECK(view.released == 10);
}

TEST_CASE("a limit without load has no numbers that are none", "[limits][view]") {
  Rig rig({limit("origin", 5)});
  const auto view = limits::all_limits(rig.limiter, kBegin).front();
  for (const auto number : {view.arrival_rate, view.admission_rate, view.release_rate, view.held_mean,
                            view.held_p95, view.need.permits}) {
    CHECK(number == 0);
  }
  CHECK(view.top_keys.empty());
  CHECK(view.ramp_share == 1);
}

TEST_CASE("the keys with most in use and refused come first", "[limits][view]") {
  auto keyed = limit("client", 3);
  keyed.keyed = true;
  Rig rig({keyed, limit("other", 1)});
  const auto take = [&](const std::string& key, int times) {
    for (int i = 0; i < times; ++i) rig.acquire(key);
  };
  // More than are looked at in one go.
  for (int i = 0; i < 1500; ++i) {
    const auto answer = rig.acquire("quiet " + std::to_string(i));
    REQUIRE(answer.state == PermitState::held);
    rig.limiter.release(answer.permit, kBegin + 1);
  }
  for (int i = 0; i < 9; ++i) rig.limiter.release(rig.acquire("gone").permit, kBegin + 1);
  for (int i = 0; i < 15; ++i) take("two " + std::to_string(i), 2);
  take("refused", 9);
  take("full", 3);
  const auto views = limits::all_limits(rig.limiter, kBegin + kSecond);
  REQUIRE(views.size() == 2);
  const auto& keys = views[0].top_keys;
  REQUIRE(keys.size() == kTopKeys);
  CHECK(keys[0].text == "refused");
  CHECK(keys[0].in_use == 3);
  CHECK(keys[0].refused == 6);
  CHECK(keys[0].admitted == 3);
  CHECK(keys[1].text == "full");
  CHECK(keys[1].peak == 3);
  CHECK(std::all_of(keys.begin() + 2, keys.end(), [](const KeyView& key) { return key.in_use == 2; }));
  CHECK(views[0].keys == 1518);
  CHECK(views[1].top_keys.empty());
}

TEST_CASE("the refusals of all limits are one sum", "[limits][view]") {
  Rig rig({limit("one", 1), limit("two", 1)});
  CHECK(refusals(rig.limiter) == 0U);
  for (int i = 0; i < 4; ++i) rig.acquire();
  for (int i = 0; i < 3; ++i) {
    const Demand demand{.limit = LimitNumber::of(1), .key = make_key(rig.table->secret, {}, true)};
    rig.limiter.acquire({&demand, 1}, Waiting::never, kBegin);
  }
  CHECK(refusals(rig.limiter) == 3U + 2U);
}

TEST_CASE("a limit that is not configured any more is shown while it is in use", "[limits][view]") {
  Rig rig({limit("old", 5)});
  const auto held = rig.acquire();
  REQUIRE(rig.define({limit("new", 5)}));
  auto views = limits::all_limits(rig.limiter, kBegin);
  REQUIRE(views.size() == 2);
  CHECK(views[0].name == "old");
  CHECK_FALSE(views[0].configured);
  CHECK(views[1].name == "new");
  CHECK(views[1].configured);
  rig.limiter.release(held.permit, kBegin);
  views = limits::all_limits(rig.limiter, kBegin);
  REQUIRE(views.size() == 1);
  CHECK(views[0].name == "new");
}

TEST_CASE("the permits of a key are those that are held of it now", "[limits][view]") {
  KeyedRig rig;
  const auto first = rig.hold("alice");
  rig.hold("bob");
  const auto second = rig.hold("alice", "east");
  const auto gone = rig.hold("alice");
  rig.limiter.release(gone, kBegin + 1);
  CHECK(rig.holders("client", "alice") == std::vector{first, second});
  CHECK(rig.holders("origin", "east") == std::vector{second});
  // The key of one limit says nothing of another's.
  CHECK(rig.holders("origin", "alice").empty());
  CHECK(rig.holders("client", "carol").empty());
  CHECK(rig.holders("nothing", "alice").empty());
}

TEST_CASE("holders are found however many there are, and after their limit has gone", "[limits][view]") {
  KeyedRig rig;
  std::vector<PermitRef> held;
  for (int i = 0; i < 900; ++i) {
    for (int other = 0; other < 5; ++other) rig.hold("number " + std::to_string(other));
    held.push_back(rig.hold("alice"));
  }
  CHECK(rig.holders("client", "alice") == held);
  REQUIRE(rig.define({keyed("origin")}));
  CHECK(rig.holders("client", "alice") == held);
}

TEST_CASE("a permit tells its keys, but none that is hidden", "[limits][view]") {
  KeyedRig rig;
  const auto both = rig.hold("alice", "east");
  const auto hidden = rig.hold("secret", "", false);
  const auto raw = rig.hold("<b>\n\xFF");
  const auto gone = rig.hold("bob");
  const auto one = rig.hold("carol");
  rig.limiter.release(gone, kBegin + 1);
  // More than are copied in one go.
  std::vector<PermitRef> permits{both, {}, hidden, raw, gone, PermitRef::of(200'000)};
  permits.resize(200, one);
  const auto keys = keys_of(rig.limiter, permits);
  REQUIRE(keys.size() == permits.size());
  CHECK(std::vector(keys.begin(), keys.begin() + 6) ==
        std::vector<std::vector<HeldKey>>{
            {{"client", "alice"}, {"origin", "east"}}, {}, {}, {{"client", "<b>\n\xFF"}}, {}, {}});
  CHECK(std::all_of(keys.begin() + 6, keys.end(), [](auto& each) {
    return each == std::vector<HeldKey>{{"client", "carol"}};
  }));
  CHECK(keys_of(rig.limiter, {}).empty());
}

TEST_CASE("the state of one key is told to whoever knows its text", "[view]") {
  auto definition = keyed("client");
  definition.settings.concurrency = 2;
  definition.penalty = 30 * kSecond;
  Rig rig({definition});
  const auto state = [&](std::string_view text, std::string_view limit = "client") {
    return key_state(rig.limiter, limit, make_key(rig.table->secret, text, false), kBegin);
  };
  CHECK_FALSE(state("ann"));
  const auto first = rig.acquire("ann");
  rig.acquire("ann");
  CHECK(rig.acquire("ann").state == PermitState::free);
  rig.acquire("bob");
  const auto ann = state("ann");
  REQUIRE(ann);
  CHECK(ann->view.in_use == 2);
  CHECK(ann->view.refused == 1);
  CHECK(ann->permits == 2);
  CHECK(ann->barred == 0);
  CHECK_FALSE(state("eve"));
  CHECK_FALSE(state("ann", "other"));
  rig.limiter.punish(first.permit);
  rig.limiter.release(first.permit, kBegin);
  CHECK(state("ann")->barred > 0);
  CHECK(state("ann")->barred <= 31 * kSecond);
  CHECK(state("bob")->barred == 0);
}

TEST_CASE("limits without keys are counted by the permits that are held of them", "[view]") {
  Rig rig({limit("all", 10)});
  const std::vector<PermitRef> permits = {rig.acquire().permit, rig.acquire().permit};
  CHECK(unkeyed_limits_of(rig.limiter, permits) == std::vector<HeldPermits>{{.limit = "all", .count = 2}});
  rig.limiter.release(permits[0], kBegin);
  rig.acquire();
  CHECK(unkeyed_limits_of(rig.limiter, std::span(permits).last(1)) ==
        std::vector<HeldPermits>{{.limit = "all", .count = 1}});
  CHECK(unkeyed_limits_of(rig.limiter, {}).empty());
  KeyedRig with_keys;
  const std::vector<PermitRef> keyed_permits = {with_keys.hold("ann"), PermitRef()};
  CHECK(unkeyed_limits_of(with_keys.limiter, keyed_permits).empty());
}
