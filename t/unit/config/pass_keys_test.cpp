#include "mod_wsflow/config/pass_keys.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace wsflow::config;

TEST_CASE("a key that is nearly one of ours is held for it", "[pass_keys]") {
  struct Case {
    const char* word;
    const char* meant;
  };
  const auto near = GENERATE(values<Case>({{"idel=1h", "idle=?"},
                                           {"IDEL=1h", "idle=?"},
                                           {"idl=1h", "idle=?"},
                                           {"idles=1h", "idle=?"},
                                           {"idre=1h", "idle=?"},
                                           {"lifetim=1h", "lifetime=?"},
                                           {"unitl=x", "until=?"},
                                           {"ping_client=5s", "ping-client=?"},
                                           {"xframe=5", "frame=?"}}));
  INFO(near.word);
  CHECK_THAT(misspelled(near.word),
             Catch::StartsWith(std::string(near.word) + ": unknown; did you mean " + near.meant));
  CHECK_THAT(misspelled(near.word), Catch::Contains("connect= handshake="));
}

TEST_CASE("what is far from ours, or is mod_proxy's, is left to mod_proxy", "[pass_keys]") {
  const auto* word = GENERATE("breakfast=1", "retry=5", "Timeout=5", "rote=5", "nocanon", "idel", "", "=5",
                              "eldi=1h", "status=+H", "min=5", "ttl=5");
  INFO(word);
  CHECK(misspelled(word).empty());
}

TEST_CASE("keys of mod_proxy are known in any case", "[pass_keys]") {
  CHECK(is_proxy_key("ConnectionTimeout"));
  CHECK_FALSE(is_proxy_key("connectiontimeou"));
  CHECK_FALSE(is_proxy_key(""));
  CHECK_THAT(unknown_key("breakfast=1"), Catch::StartsWith("breakfast=1: unknown; legal are connect= "));
}
