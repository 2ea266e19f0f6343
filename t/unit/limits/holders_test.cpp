#include "mod_wsflow/limits/holders.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "mod_wsflow/limits/definitions.hpp"
#include "t/unit/support/limits_table.hpp"

using namespace wsflow;
using namespace wsflow::limits;

namespace {

constexpr Micros kBegin = 1'003 * kSecond;

LimitDefinition keyed(std::string_view name) {
  LimitDefinition definition;
  name.copy(definition.name, kNameSize - 1);
  definition.settings.concurrency = 1000;
  definition.keyed = true;
  return definition;
}

// Limits "client" and "origin", each with a key.
struct Rig {
  Rig() { REQUIRE(define({keyed("client"), keyed("origin")})); }
  bool define(const std::vector<LimitDefinition>& definitions) {
    return test::define(limiter, definitions, ++generation, 0, kBegin);
  }
  Key key(std::string_view text, bool show = true) { return make_key(table->secret, text, show); }
  Index hold(std::string_view client, std::string_view origin = {}, bool show = true) {
    const Demand demands[] = {{.limit = 0, .key = key(client, show)}, {.limit = 1, .key = key(origin, show)}};
    const auto answer =
        limiter.acquire(std::span(demands).first(origin.empty() ? 1 : 2), Waiting::never, kBegin);
    REQUIRE(answer.state == PermitState::held);
    return answer.permit;
  }
  std::vector<Index> holders(std::string_view limit, std::string_view text) {
    const auto marks = holders_of(limiter, limit, key(text, false));
    std::vector<Index> result;
    REQUIRE(marks);
    for (Index i = 0; i < marks->size(); ++i) {
      if ((*marks)[i]) result.push_back(i);
    }
    return result;
  }

  test::LimitsTable table;
  SlotWakeups wakeups;
  Limiter limiter{*table, 3, wakeups};
  std::uint32_t generation = 0;
};

}  // namespace

TEST_CASE("the permits of a key are those that are held of it now", "[limits][holders]") {
  Rig rig;
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

TEST_CASE("holders are found however many there are, and after their limit has gone", "[limits][holders]") {
  Rig rig;
  std::vector<Index> held;
  for (int i = 0; i < 900; ++i) {
    for (int other = 0; other < 5; ++other) rig.hold("number " + std::to_string(other));
    held.push_back(rig.hold("alice"));
  }
  CHECK(rig.holders("client", "alice") == held);
  REQUIRE(rig.define({keyed("origin")}));
  CHECK(rig.holders("client", "alice") == held);
}

TEST_CASE("a permit tells its keys, but none that is hidden", "[limits][holders]") {
  Rig rig;
  const auto both = rig.hold("alice", "east");
  const auto hidden = rig.hold("secret", "", false);
  const auto raw = rig.hold("<b>\n\xFF");
  const auto gone = rig.hold("bob");
  const auto one = rig.hold("carol");
  rig.limiter.release(gone, kBegin + 1);
  // More than are copied in one go.
  std::vector<Index> permits{both, 0, hidden, raw, gone, 200'000};
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
