#include "mod_wsflow/config/subprotocols.hpp"

#include <array>
#include <catch2/catch.hpp>

using wsflow::config::allowed_protocols;

TEST_CASE("of an offer the allowed names stay, in the client's order", "[subprotocols]") {
  constexpr std::array allowed = {"mqtt", "chat.v2"};
  CHECK(allowed_protocols("chat.v2, mqtt", allowed) == "chat.v2, mqtt");
  CHECK(allowed_protocols(" mqtt\t,other,, chat.v2 ,", allowed) == "mqtt, chat.v2");
  CHECK(allowed_protocols("MQTT, chat, chat.v22", allowed).empty());
  CHECK(allowed_protocols("", allowed).empty());
  CHECK(allowed_protocols("mqtt", {}).empty());
}
