#include "mod_wsflow/os/sysctl.hpp"

#include <catch2/catch.hpp>
#include <fstream>

using namespace wsflow;

TEST_CASE("a setting of the kernel is read as its file has it", "[sysctl]") {
  std::uint64_t expected = 0;
  std::ifstream("/proc/sys/fs/nr_open") >> expected;
  REQUIRE(expected != 0);
  CHECK(os::sysctl("fs/nr_open") == expected);
  CHECK(os::sysctl("fs/no_such_setting") == 0);
  CHECK(os::sysctl(std::string(500, 'x')) == 0);
}
