#include "mod_wsflow/base/rfc3339.hpp"

#include <catch2/catch.hpp>
#include <cstdint>

using namespace wsflow;

TEST_CASE("moments are written as RFC 3339 has them", "[rfc3339]") {
  CHECK(base::rfc3339(0) == "1970-01-01T00:00:00.000Z");
  CHECK(base::rfc3339(1'767'225'599'999'999) == "2025-12-31T23:59:59.999Z");
  CHECK(base::rfc3339(1'767'225'600'000'000) == "2026-01-01T00:00:00.000Z");
  CHECK(base::rfc3339(1'709'210'096'007'000) == "2024-02-29T12:34:56.007Z");
  CHECK(base::rfc3339(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(base::rfc3339(253'402'300'799'999'999) == "9999-12-31T23:59:59.999Z");
  CHECK(base::rfc3339(INT64_MAX) == "9999-12-31T23:59:59.999Z");
  CHECK(base::rfc3339(INT64_MIN) == "0000-01-01T00:00:00.000Z");
}
