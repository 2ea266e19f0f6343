#include "mod_wsflow/os/digest.hpp"

#include <array>
#include <catch2/catch.hpp>

using namespace wsflow;

TEST_CASE("SHA-1 is that of FIPS 180, over both parts of the text", "[digest]") {
  const std::array<unsigned char, 20> expected{0xA9, 0x99, 0x3E, 0x36, 0x47, 0x06, 0x81, 0x6A, 0xBA, 0x3E,
                                               0x25, 0x71, 0x78, 0x50, 0xC2, 0x6C, 0x9C, 0xD0, 0xD8, 0x9D};
  CHECK(os::sha1("abc", "") == expected);
  CHECK(os::sha1("", "abc") == expected);
  CHECK(os::sha1("a", "bc") == expected);
}

TEST_CASE("a digest depends on its text and on its secret", "[digest]") {
  const std::array<std::uint64_t, 1> secret{1};
  const std::array<std::uint64_t, 1> other{2};
  CHECK(os::digest128(secret, "a") == os::digest128(secret, "a"));
  CHECK(os::digest128(secret, "a") != os::digest128(secret, "b"));
  CHECK(os::digest128(secret, "a") != os::digest128(other, "a"));
}
