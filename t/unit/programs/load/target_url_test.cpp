#include "mod_wsflow/programs/load/target_url.hpp"

#include <catch2/catch.hpp>

using namespace wsflow::load;

namespace {

std::string wrong(std::string_view text) {
  return parse_target_url(text).wrong();
}

}  // namespace

TEST_CASE("a WebSocket URL is taken apart", "[load]") {
  const auto plain = parse_target_url("ws://www.example.com/chat/room?name=a%20b&x=1");
  REQUIRE(plain);
  CHECK_FALSE(plain->secure);
  CHECK(plain->host == "www.example.com");
  CHECK(plain->port == 80);
  CHECK(plain->authority == "www.example.com");
  CHECK(plain->request == "/chat/room?name=a%20b&x=1");

  const auto secure = parse_target_url("wss://192.0.2.1:8443");
  REQUIRE(secure);
  CHECK(secure->secure);
  CHECK(secure->port == 8443);
  CHECK(secure->authority == "192.0.2.1:8443");
  CHECK(secure->request == "/");
  CHECK(parse_target_url("wss://a/")->port == 443);
  CHECK(parse_target_url("ws://a?q")->request == "/?q");
}

TEST_CASE("an IPv6 address stands in brackets", "[load]") {
  const auto url = parse_target_url("ws://[2001:db8::1]:81/x");
  REQUIRE(url);
  CHECK(url->host == "2001:db8::1");
  CHECK(url->port == 81);
  CHECK(url->authority == "[2001:db8::1]:81");
}

TEST_CASE("a query is not shown: it may hold a secret", "[load]") {
  CHECK(parse_target_url("wss://a:1/b?token=secret")->shown == "wss://a:1/b?...");
  CHECK(parse_target_url("ws://a/b")->shown == "ws://a/b");
}

TEST_CASE("what is no WebSocket URL is said", "[load]") {
  CHECK(wrong("http://a/") == "not a ws:// or wss:// URL: http://a/");
  CHECK_THAT(wrong("ws://a b/"), Catch::Contains("no spaces"));
  CHECK_THAT(wrong("ws://a/b\r\nX: y"), Catch::Contains("control characters"));
  CHECK_THAT(wrong("ws://a/b#c"), Catch::Contains("fragment"));
  CHECK_THAT(wrong("ws://me:secret@a/"), Catch::Contains("--header \"Authorization"));
  CHECK_THAT(wrong("ws:///x"), Catch::Contains("no host"));
  CHECK_THAT(wrong("ws://a:0/"), Catch::Contains("port from 1 to 65535"));
  CHECK_THAT(wrong("ws://a:65536/"), Catch::Contains("port from 1 to 65535"));
  CHECK_THAT(wrong("ws://[::1/"), Catch::Contains("closing bracket"));
}
