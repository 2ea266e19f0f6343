#include "mod_wsflow/os/local_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <catch2/catch.hpp>

using namespace wsflow::os;

TEST_CASE("an address is numeric", "[local_address]") {
  CHECK(is_address("127.0.0.1"));
  CHECK(is_address("::1"));
  CHECK(is_address("2001:db8::1"));
  for (const auto* text : {"", "localhost", "1.2.3", "127.0.0.1:80", "[::1]", "abc.de", "256.0.0.1"}) {
    INFO(text);
    CHECK_FALSE(is_address(text));
    CHECK_FALSE(is_local_address(text));
  }
}

TEST_CASE("a source address is one of this machine's, and not all of them", "[local_address]") {
  CHECK(is_local_address("127.0.0.1"));
  CHECK_FALSE(is_local_address("0.0.0.0"));
  CHECK_FALSE(is_local_address("::"));
  CHECK_FALSE(is_local_address("192.0.2.1"));    // RFC 5737
  CHECK_FALSE(is_local_address("2001:db8::1"));  // RFC 3849
}

TEST_CASE("a source is there for what can be connected to", "[local_address]") {
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_port = htons(9);
  local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(has_source_for(&local, sizeof local));
  local.sin_addr.s_addr = htonl(INADDR_BROADCAST);  // nobody connects to that
  CHECK_FALSE(has_source_for(&local, sizeof local));
}

TEST_CASE("the kernel tells how many ports it has", "[local_address]") {
  CHECK(port_count() > 0);
  CHECK(port_count() < 65536);
}
