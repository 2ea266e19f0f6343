#include "mod_wsflow/ws/close_code.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <set>

TEST_CASE("exactly the codes that RFC 6455 and IANA allow may be sent", "[close_code]") {
  const std::set<std::uint32_t> protocol_codes{1000, 1001, 1002, 1003, 1007, 1008,
                                               1009, 1010, 1011, 1012, 1013, 1014};
  for (std::uint32_t code = 0; code <= 0xFFFF; ++code) {
    const bool allowed = protocol_codes.count(code) != 0 || (code >= 3000 && code <= 4999);
    if (wsflow::ws::may_appear_on_wire(static_cast<std::uint16_t>(code)) != allowed) {
      FAIL("wrong for " << code);
    }
  }
  SUCCEED();
}

TEST_CASE("codes that only describe an end are named and not sent", "[close_code]") {
  namespace code = wsflow::ws::close_code;
  CHECK(code::kNoStatus == 1005);
  CHECK(code::kAbnormal == 1006);
  CHECK(code::kTlsHandshake == 1015);
  for (const std::uint16_t value : {code::kReserved, code::kNoStatus, code::kAbnormal, code::kTlsHandshake}) {
    CHECK_FALSE(wsflow::ws::may_appear_on_wire(value));
  }
}
