#include "mod_wsflow/os/descriptor_count.hpp"

#include <fcntl.h>

#include <catch2/catch.hpp>
#include <vector>

#include "mod_wsflow/base/unique_fd.hpp"

using namespace wsflow;

TEST_CASE("descriptors that are open are counted", "[descriptor_count]") {
  const auto before = os::open_descriptors();
  REQUIRE(before);
  std::vector<base::UniqueFd> opened;
  for (int i = 0; i < 20; ++i) opened.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK(os::open_descriptors() == *before + 20);
  opened.resize(5);
  CHECK(os::open_descriptors() == *before + 5);
}

TEST_CASE("they are not counted more often than once a second", "[descriptor_count]") {
  os::DescriptorCount count;
  const auto now = base::now();
  CHECK(count.look(now));
  CHECK_FALSE(count.look(now));
  CHECK_FALSE(count.look(now + base::Millis{999}));
  CHECK(count.look(now + base::Millis{60'000}));
}
