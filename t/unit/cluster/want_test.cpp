#include "mod_wsflow/cluster/want.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace wsflow;
using cluster::Pool;
using cluster::wish_for;

TEST_CASE("a node asks for more than it needs, ahead of its load") {
  const auto idle = wish_for({.size = 100, .share = 0, .held = 0, .demand = 0, .spare = 6});
  CHECK(idle.need == 0);
  CHECK(idle.want == 6);
  CHECK(idle.urgent);
  const auto busy = wish_for({.size = 100, .share = 40, .held = 38, .demand = 38.5, .spare = 6});
  CHECK(busy.need == 39);
  CHECK(busy.want == 45);
  CHECK(busy.urgent);
  CHECK_FALSE(wish_for({.size = 100, .share = 44, .held = 38, .demand = 38, .spare = 6}).urgent);
}

TEST_CASE("no node asks for more than there is") {
  const auto wish = wish_for({.size = 100, .share = 90, .held = 90, .demand = 1e12, .spare = 6});
  CHECK(wish.need == 100);
  CHECK(wish.want == 100);
}

TEST_CASE("a share that is a little too large stays, a larger one is given back") {
  const Pool pool{.size = 100, .share = 21, .held = 12, .demand = 12, .spare = 6};
  CHECK(wish_for(pool).want == 21);
  auto larger = pool;
  larger.share = 22;
  CHECK(wish_for(larger).want == 18);
}

TEST_CASE("what others lack is given back at once, but for what is held") {
  const auto wish =
      wish_for({.size = 100, .share = 60, .held = 12, .demand = 12, .lacking = 3, .nodes = 2, .spare = 6});
  CHECK(wish.want == 12);
  CHECK(wish.urgent);
  const auto held =
      wish_for({.size = 10, .share = 10, .held = 10, .demand = 10, .lacking = 9, .nodes = 2, .spare = 1});
  CHECK(held.want == 10);
  CHECK_FALSE(held.urgent);
}

TEST_CASE("a limit of which there is none is asked for by nobody") {
  const auto wish = wish_for({.size = 0, .share = 0, .held = 7, .demand = 7, .spare = 1});
  CHECK(wish.want == 0);
  CHECK_FALSE(wish.urgent);
}

// The rules of the script, for nodes that do nothing but wish.
static std::vector<std::uint32_t> settle(std::uint32_t size, const std::vector<double>& demands, int rounds) {
  const auto nodes = static_cast<std::uint32_t>(demands.size());
  std::vector<std::uint32_t> shares(nodes);
  std::vector<std::uint32_t> needs(nodes);
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < nodes; ++i) {
      std::uint32_t others = 0;
      std::uint32_t lacking = 0;
      for (std::size_t j = 0; j < nodes; ++j) {
        if (j == i) continue;
        others += shares[j];
        lacking += needs[j] - std::min(needs[j], shares[j]);
      }
      const auto wish = wish_for({.size = size,
                                  .share = shares[i],
                                  .held = 0,
                                  .demand = demands[i],
                                  .lacking = lacking,
                                  .nodes = nodes,
                                  .spare = cluster::spare_permits(size)});
      const auto lowered = std::min(shares[i], wish.want);
      const auto want = lacking != 0 ? std::min(wish.want, std::max(lowered, wish.need)) : wish.want;
      shares[i] = std::min(want, size - others);
      needs[i] = wish.need;
    }
  }
  return shares;
}

TEST_CASE("nodes that need more than there is all get a part of it") {
  const auto shares = settle(100, {1000, 1000}, 50);
  CHECK(shares[0] + shares[1] <= 100);
  CHECK(shares[0] >= 40);
  CHECK(shares[1] >= 40);
}

TEST_CASE("what does not divide by the nodes is used as well") {
  const auto size = GENERATE(20U, 100U, 101U, 7U);
  const auto shares = settle(size, {1000, 1000, 1000}, 100);
  CAPTURE(shares[0], shares[1], shares[2]);
  CHECK(shares[0] + shares[1] + shares[2] == size);
  for (const auto share : shares) CHECK(share <= (size + 2) / 3);
}

TEST_CASE("a node that needs little leaves the rest to those who need it") {
  const auto shares = settle(100, {95, 2, 0}, 50);
  CHECK(shares[0] >= 95);
  CHECK(shares[1] >= 2);
}
