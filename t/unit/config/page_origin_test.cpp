#include "mod_wsflow/config/page_origin.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <string>

using namespace wsflow::config;

namespace {

bool matches(std::string_view pattern, std::string_view origin) {
  const auto parsed_pattern = parse_origin_pattern(pattern);
  const auto parsed_origin = parse_page_origin(origin);
  REQUIRE(parsed_pattern);
  REQUIRE(parsed_origin);
  return wsflow::config::matches(*parsed_pattern, *parsed_origin);
}

}  // namespace

TEST_CASE("an origin is a scheme, a host and a port", "[page_origin]") {
  const auto origin = parse_page_origin("https://a.example:8443");
  REQUIRE(origin);
  CHECK(origin->scheme == "https");
  CHECK(origin->host == "a.example");
  CHECK(origin->port == 8443);
  CHECK(parse_page_origin("http://a")->port == 80);
  CHECK(parse_page_origin("HTTPS://a")->port == 443);
  CHECK(parse_page_origin("app-x://a")->port == 0);
  CHECK(parse_page_origin("http://[::1]:81")->host == "[::1]");
  CHECK(parse_page_origin("http://[::1]")->port == 80);
}

TEST_CASE("what is no single origin is none", "[page_origin]") {
  const auto* text = GENERATE("", "null", "a.example", "://a", "http://", "http:///", "http://a/",
                              "http://a/x", "http://a b", "http://a http://b", "http://a, http://b",
                              "http://u@a", "http://a:", "http://a:0", "http://a:65536", "http://a:8x",
                              "http://a:80:80", "1http://a", "http://.a", "http://[::1", "http://::1",
                              "http://[]", "http://[x]", "http://*", "http://a?b", "http://a\x01");
  INFO(text);
  CHECK_FALSE(parse_page_origin(text));
}

TEST_CASE("a pattern without scheme and port takes the default port of any scheme", "[page_origin]") {
  CHECK(matches("a.example", "http://a.example"));
  CHECK(matches("a.example", "https://A.Example:443"));
  CHECK(matches("A.EXAMPLE", "custom://a.example"));
  CHECK_FALSE(matches("a.example", "https://a.example:80"));
  CHECK_FALSE(matches("a.example", "http://b.a.example"));
  CHECK_FALSE(matches("a.example", "http://a.example.net"));
}

TEST_CASE("a scheme and a port are compared where they are given", "[page_origin]") {
  CHECK(matches("https://a.example", "https://a.example"));
  CHECK_FALSE(matches("https://a.example", "http://a.example"));
  CHECK_FALSE(matches("https://a.example", "https://a.example:8443"));
  CHECK(matches("a.example:8443", "http://a.example:8443"));
  CHECK_FALSE(matches("a.example:8443", "https://a.example"));
  CHECK(matches("https://a.example:*", "https://a.example:1"));
  CHECK(matches("[::1]:*", "http://[::1]:81"));
}

TEST_CASE("*.host is every name below the host", "[page_origin]") {
  CHECK(matches("*.example.org", "https://a.example.org"));
  CHECK(matches("*.Example.org", "https://a.b.eXample.org"));
  CHECK_FALSE(matches("*.example.org", "https://example.org"));
  CHECK_FALSE(matches("*.example.org", "https://badexample.org"));
  CHECK_FALSE(matches("*.example.org", "https://a.example.org.evil.test"));
  CHECK(matches("chrome-extension://*", "chrome-extension://abcdef"));
  CHECK(matches("*", "http://anything.test"));
  CHECK_FALSE(matches("https://*", "http://anything.test"));
}

TEST_CASE("a pattern that can match nothing is none", "[page_origin]") {
  const auto* text = GENERATE("", "*.", "*.*", "a.*", "*a.example", "a*", "http://", "a/", "a:0", "a:x",
                              "a:**", "*.[::1]", "a b", "ftp:a", "://a", "\xC3\xA4.example");
  INFO(text);
  CHECK_FALSE(parse_origin_pattern(text));
}

TEST_CASE("rules allow what they name, and what sends nothing", "[page_origin]") {
  const std::array<OriginPattern, 1> patterns = {*parse_origin_pattern("a.example")};
  const std::string own = "https://own.example:8443";
  const auto told = [&](const OriginRules& rules, std::optional<std::string_view> field) {
    return allows(rules, field, own);
  };
  const OriginRules listed{.patterns = patterns};
  CHECK(told(listed, "https://a.example"));
  CHECK_FALSE(told(listed, own));
  CHECK_FALSE(told(listed, "null"));
  CHECK_FALSE(told(listed, ""));
  CHECK(told(listed, std::nullopt));
  const OriginRules same{.patterns = {}, .same = true, .opaque = true, .required = true};
  CHECK(told(same, "HTTPS://OWN.example:8443"));
  CHECK_FALSE(told(same, "https://own.example"));
  CHECK_FALSE(told(same, "https://a.example"));
  CHECK(told(same, "null"));
  CHECK_FALSE(told(same, std::nullopt));
  CHECK_FALSE(allows(same, "http://", "http://"));  // a request without a Host
  const OriginRules any{.patterns = {}, .any = true, .required = true};
  CHECK(told(any, "what ever"));
  CHECK_FALSE(told(any, std::nullopt));
}
