#include "mod_wsflow/config/route_shadow.hpp"

#include <catch2/catch.hpp>

using namespace wsflow::config;

namespace {
constexpr RouteRank path(const char* text) {
  return {text, false, false, false};
}
constexpr RouteRank section(const char* text) {
  return {text, true, false, false};
}
constexpr RouteRank pattern(const char* text) {
  return {text, false, true, false};
}
constexpr RouteRank encoded(const char* text) {
  return {text, false, false, true};
}
}  // namespace

TEST_CASE("a route hides what is below its path and comes later", "[route_shadow]") {
  CHECK(hides(path("/x"), path("/x")));
  CHECK(hides(path("/x"), path("/x/y")));
  CHECK(hides(path("/"), path("/x")));
  CHECK(hides(path("/x/"), path("/x/y")));
  CHECK_FALSE(hides(path("/x"), path("/xy")));
  CHECK_FALSE(hides(path("/x/"), path("/x")));
  CHECK_FALSE(hides(path("/x/y"), path("/x")));
}

TEST_CASE("patterns are compared as they are written", "[route_shadow]") {
  CHECK(hides(pattern("^/x"), pattern("^/x")));
  CHECK_FALSE(hides(pattern("^/x"), pattern("^/x/y")));
  CHECK_FALSE(hides(pattern("/x"), path("/x")));
  CHECK(hides(pattern("^/"), path("/x")));
  CHECK(hides(pattern("^/x(.*)$"), path("/xy")));
  CHECK(hides(pattern("^/x/.*"), path("/x/y")));
  CHECK_FALSE(hides(pattern("^/x/(.*)"), path("/x")));
  CHECK_FALSE(hides(pattern("^/x$"), path("/x/y")));
  CHECK_FALSE(hides(pattern("^/(x|y)"), path("/x")));
  CHECK_FALSE(hides(path("/x"), pattern("/x")));
}

TEST_CASE("sections go first, the last before the others", "[route_shadow]") {
  CHECK(hides(section("/x"), path("/x/y")));
  CHECK(is_hidden_by(path("/x/y"), section("/x")));
  CHECK(is_hidden_by(section("/x/y"), section("/x")));
  CHECK_FALSE(hides(section("/x"), section("/x/y")));
  CHECK_FALSE(is_hidden_by(section("/x"), section("/x/y")));
  CHECK_FALSE(is_hidden_by(path("/x"), path("/x")));
}

TEST_CASE("what is matched before decoding goes first", "[route_shadow]") {
  CHECK(hides(encoded("/x"), path("/x")));
  CHECK_FALSE(hides(path("/x"), encoded("/x")));
  CHECK(hides(encoded("/x"), encoded("/x")));
}
