#include "mod_wsflow/base/assert.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "t/unit/support/assertion.hpp"

using namespace wsflow;

TEST_CASE("debug and sanitizer builds check assertions, release builds evaluate nothing", "[assert]") {
  CHECK(base::kAsserts == WSFLOW_EXPECTS_ASSERTS);
  bool evaluated = false;
  WSFLOW_ASSERT(evaluated = true);
  CHECK(evaluated == WSFLOW_EXPECTS_ASSERTS);
}

TEST_CASE("an assertion that holds is silent", "[assert]") {
  WSFLOW_ASSERT(1 + 1 == 2);
  SUCCEED();
}

#ifdef WSFLOW_ASSERTS
TEST_CASE("an assertion that fails tells its place and its condition, and ends the process", "[assert]") {
  int line = 0;
  const auto text = test::assertion_of([&] { WSFLOW_ASSERT(1 + 1 == 3); });
  line = __LINE__ - 1;
  CHECK(text == std::string(__FILE__) + ":" + std::to_string(line) + ": assertion failed: 1 + 1 == 3\n");
}
#else
TEST_CASE("an assertion that would fail ends no release build", "[assert]") {
  WSFLOW_ASSERT(1 + 1 == 3);
  SUCCEED();
}
#endif
