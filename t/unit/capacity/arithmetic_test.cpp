#include "mod_wsflow/capacity/arithmetic.hpp"

#include <catch2/catch.hpp>

namespace wsflow::capacity {

TEST_CASE("the limit for so many tunnels gives as many tunnels") {
  const std::uint64_t tunnels = GENERATE(1U, 326U, 3910U, 100'000U);
  const auto reserved = reserved_descriptors(25, 4);
  CHECK(reserved == 256 + 100 + 64);
  CHECK(spare_descriptors(descriptors_for(tunnels, reserved), reserved) / kDescriptorsOfTunnel == tunnels);
  // There is room for one, whatever the limit is.
  CHECK(spare_descriptors(0, reserved) == kDescriptorsOfTunnel);
}

TEST_CASE("idle workers start no children") {
  Facts facts;
  facts.children = 6;
  facts.threads_per_child = 25;
  CHECK(kept_children(facts) == 6);  // nobody knows of StartServers
  facts.start_servers = 2;
  CHECK(kept_children(facts) == 2);
  facts.min_spare_threads = 80;
  CHECK(kept_children(facts) == 4);
  facts.start_servers = 9;
  CHECK(kept_children(facts) == 6);
  facts.max_spare_threads = 100;
  // The MPM keeps MinSpareThreads and one child more.
  CHECK(kept_children(facts) == 4);
  facts.threads_per_child = 0;
  CHECK(kept_children(facts) == 6);
}

TEST_CASE("what the configuration offers is what a child takes, of all that are kept") {
  Facts facts;
  CHECK_FALSE(tunnels_offered(facts));
  facts.children = 3;
  facts.threads_per_child = 25;
  facts.descriptors = 1024;
  CHECK(tunnels_offered(facts) == 3 * 326);
  facts.max_tunnels = 10;
  CHECK(tunnels_offered(facts) == 30);
  facts.max_tunnels = 1000;
  CHECK(tunnels_offered(facts) == 3 * 326);
}

TEST_CASE("a child is kept if MaxSpareThreads covers all workers") {
  CHECK(ends_idle_children(149, 150));
  CHECK_FALSE(ends_idle_children(150, 150));
  CHECK_FALSE(ends_idle_children(0, 150));  // the MPM does not tell
}

}  // namespace wsflow::capacity
