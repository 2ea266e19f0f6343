#include "mod_wsflow/os/text_file.hpp"

#include <catch2/catch.hpp>
#include <cerrno>

using namespace wsflow;

TEST_CASE("small files are read whole, or as far as is asked for") {
  const auto status = os::read_text("/proc/self/status", 65536);
  REQUIRE(status);
  CHECK(status->starts_with("Name:"));
  CHECK(status->ends_with("\n"));
  CHECK(os::read_text("/proc/self/status", 5) == "Name:");
  CHECK(os::read_text("/dev/null", 10) == "");
}

TEST_CASE("what cannot be read is told by errno") {
  CHECK_FALSE(os::read_text("/no/such/file", 10));
  CHECK(errno == ENOENT);
  CHECK_FALSE(os::read_text("/proc", 10));
  CHECK(errno == EISDIR);
}
