#include "mod_wsflow/programs/load/ip_address.hpp"

#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <utility>

#include "mod_wsflow/base/unique_fd.hpp"

using namespace wsflow::load;
using wsflow::base::UniqueFd;

namespace {

std::vector<std::string> texts(std::string_view list) {
  const auto parsed = parse_addresses(list);
  std::vector<std::string> result;
  if (!parsed) return {parsed.wrong()};
  for (const auto& address : *parsed) result.push_back(address.text());
  return result;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("addresses come one by one and in ranges", "[load]") {
  CHECK(texts("192.0.2.1") == Texts{"192.0.2.1"});
  CHECK(texts("192.0.2.1, 198.51.100.254-198.51.101.1") ==
        Texts{"192.0.2.1", "198.51.100.254", "198.51.100.255", "198.51.101.0", "198.51.101.1"});
  CHECK(texts("2001:db8::fffe-2001:db8::1:0") == Texts{"2001:db8::fffe", "2001:db8::ffff", "2001:db8::1:0"});
  CHECK(texts("255.255.255.255") == Texts{"255.255.255.255"});
}

TEST_CASE("a list of addresses that is wrong says where", "[load]") {
  CHECK_THAT(texts("")[0], Catch::Contains("was expected"));
  CHECK_THAT(texts("localhost")[0], Catch::Contains("not an IP address") && Catch::Contains("localhost"));
  CHECK_THAT(texts("192.0.2.9-192.0.2.8")[0], Catch::Contains("ends before it begins"));
  CHECK_THAT(texts("192.0.2.1-2001:db8::1")[0], Catch::Contains("no range"));
  CHECK_THAT(texts("192.0.2.1,2001:db8::1")[0], Catch::Contains("IPv4 and IPv6"));
  CHECK_THAT(texts("10.0.0.0-10.255.255.255")[0], Catch::Contains("more than 4096"));
  CHECK_THAT(texts("192.0.2.1,,192.0.2.2")[0], Catch::Contains("not an IP address"));
}

TEST_CASE("of several addresses the one that can be reached is taken", "[load]") {
  // Bound and not listening: it refuses.
  const UniqueFd closed(::socket(AF_INET, SOCK_STREAM, 0)), open(::socket(AF_INET, SOCK_STREAM, 0));
  auto addresses = *parse_addresses("127.0.0.7,127.0.0.8");
  for (const auto* fd : {&closed, &open}) {
    auto& address = addresses[fd == &open ? 1 : 0];
    REQUIRE(::bind(fd->get(), address.get(), address.size) == 0);
    address.size = sizeof address.storage;
    REQUIRE(::getsockname(fd->get(), reinterpret_cast<sockaddr*>(&address.storage), &address.size) == 0);
  }
  REQUIRE(::listen(open.get(), 1) == 0);
  CHECK(reachable(addresses).text() == "127.0.0.8");
  std::swap(addresses[0], addresses[1]);
  CHECK(reachable(addresses).text() == "127.0.0.8");
  addresses = {addresses[1], addresses[1]};
  CHECK(reachable(addresses).text() == "127.0.0.7");
}
