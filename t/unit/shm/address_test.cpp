#include "mod_wsflow/shm/address.hpp"

#include <arpa/inet.h>

#include <catch2/catch.hpp>

using namespace wsflow;
using shm::Address;

namespace {

Address v6(const char* text) {
  Address result;
  REQUIRE(::inet_pton(AF_INET6, text, result.bytes.data()) == 1);
  return result;
}

}  // namespace

TEST_CASE("an address is written as people write it", "[address]") {
  CHECK(Address::v4({192, 0, 2, 1}).text() == "192.0.2.1");
  CHECK(Address::v4({255, 255, 255, 255}).text() == "255.255.255.255");
  CHECK(Address::v4({0, 0, 0, 0}).text() == "0.0.0.0");
  CHECK(v6("2001:db8::1").text() == "2001:db8::1");
  CHECK(v6("::1").text() == "::1");
  CHECK(v6("2001:db8:1111:2222:3333:4444:5555:6666").text() == "2001:db8:1111:2222:3333:4444:5555:6666");
}

TEST_CASE("IPv4 is the same address in both of its forms", "[address]") {
  CHECK(v6("::ffff:192.0.2.1") == Address::v4({192, 0, 2, 1}));
  CHECK(v6("::ffff:192.0.2.1").text() == "192.0.2.1");
  CHECK(v6("::fffe:c000:201").text() != "192.0.2.1");
}

TEST_CASE("no address has no text", "[address]") {
  CHECK(Address{}.text().empty());
}
