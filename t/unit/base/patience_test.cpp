#include "mod_wsflow/base/patience.hpp"

#include <catch2/catch.hpp>

using namespace wsflow;

TEST_CASE("an origin that never answers in time is tried now and then", "[patience]") {
  base::Patience patience;
  constexpr std::uintptr_t kSlow = 0x1000;
  constexpr std::uintptr_t kOther = 0x2010;
  for (int i = 0; i < 4; ++i) {
    REQUIRE(patience.worth_while(kSlow));
    patience.note(kSlow, false);
  }
  int tried = 0;
  for (int i = 0; i < 330; ++i) {
    if (!patience.worth_while(kSlow)) continue;
    ++tried;
    patience.note(kSlow, false);
  }
  CHECK(tried == 10);
  CHECK(patience.worth_while(kOther));
  // One answer in time, and it is worth while again.
  patience.note(kSlow, true);
  CHECK(patience.worth_while(kSlow));
}
