#include "mod_wsflow/capacity/number_text.hpp"

#include <catch2/catch.hpp>

namespace wsflow::capacity {

TEST_CASE("numbers for people") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(1234567) == "1,234,567");
  CHECK(counted(1, "child", "children") == "1 child");
  CHECK(counted(2000, "child", "children") == "2,000 children");
  CHECK(in_bytes(512) == "512 bytes");
  CHECK(in_bytes(10752) == "10.5 KiB");
  CHECK(in_bytes(24ULL << 30U) == "24 GiB");
  CHECK(in_bytes(~0ULL) == "16,777,215 TiB");
  CHECK(round_up(1, 1024) == 1024);
  CHECK(round_up(1024, 1024) == 1024);
}

}  // namespace wsflow::capacity
