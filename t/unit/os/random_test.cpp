#include "mod_wsflow/os/random.hpp"

#include <catch2/catch.hpp>
#include <set>

TEST_CASE("numbers do not repeat, and every bit is used", "[random]") {
  std::set<std::uint64_t> seen;
  std::uint64_t ones = 0;
  std::uint64_t zeros = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto value = wsflow::os::random64();
    seen.insert(value);
    ones |= value;
    zeros |= ~value;
  }
  CHECK(seen.size() == 1000);
  CHECK(ones == UINT64_MAX);
  CHECK(zeros == UINT64_MAX);
}

TEST_CASE("the short numbers use every bit too", "[random]") {
  std::uint32_t ones = 0;
  std::uint32_t zeros = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto value = wsflow::os::random32();
    ones |= value;
    zeros |= ~value;
  }
  CHECK(ones == UINT32_MAX);
  CHECK(zeros == UINT32_MAX);
}
