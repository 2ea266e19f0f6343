#include "mod_wsflow/tunnel/options_table.hpp"

#include <catch2/catch.hpp>
#include <unordered_set>
#include <vector>

#include "mod_wsflow/config/tunnel_settings.hpp"

using namespace wsflow;
using config::kDefaultSettings;
using config::make_options;
using tunnel::OptionsTable;

TEST_CASE("the defaults of the configuration are those of a tunnel", "[options_table]") {
  CHECK(make_options(kDefaultSettings, nullptr) == tunnel::Options{});
}

TEST_CASE("each setting reaches the tunnel", "[options_table]") {
  auto settings = kDefaultSettings;
  settings.idle = 0;
  settings.stall = 1'500;
  settings.close = 2'000;
  settings.ping_client = 3'000;
  settings.ping_origin = std::int64_t{1000} * 3600 * config::kSecond;
  settings.ping_timeout = 5'000;
  settings.buffer = 4096;
  settings.strict = true;
  settings.messages[0] = {
      .frame = 1, .message = std::int64_t{1} << 40U, .rate = 0, .bytes = 0, .close = true};
  settings.messages[1] = {.frame = 2, .message = 3, .rate = 4, .bytes = 5, .close = true};
  CHECK(make_options(settings, nullptr) ==
        tunnel::Options{.idle = 0,
                        .stall = 1,
                        .close = 2,
                        .ping_client = 3,
                        .ping_origin = 3'600'000'000,
                        .ping_timeout = 5,
                        .high_watermark = 4096,
                        .messages = {tunnel::MessageLimit{.frame = 1, .message = std::uint64_t{1} << 40U},
                                     {.frame = 2, .message = 3, .rate = 4, .bytes = 5, .close = true}},
                        .strict = true});
}

TEST_CASE("terms of many routes and virtual hosts are found at once", "[options_table]") {
  std::vector<char> hosts(3000);
  std::unordered_set<std::size_t> hashes;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    hashes.insert(tunnel::OptionsHash()({.log_context = &hosts[i]}));
    hashes.insert(tunnel::OptionsHash()({.idle = i * 1000}));
    hashes.insert(tunnel::OptionsHash()({.close = i * 1000}));
    hashes.insert(tunnel::OptionsHash()({.ping_timeout = i * 1000 + 1}));
    hashes.insert(tunnel::OptionsHash()({.messages = {tunnel::MessageLimit{.message = i + 1}}}));
  }
  // Chance collisions apart, all differ but the default options, which occur more than once.
  CHECK(hashes.size() > 14'990);
}

TEST_CASE("equal terms are one object, and stay where they are", "[options_table]") {
  OptionsTable table;
  const auto& first = table.intern({.idle = 1});
  for (std::uint32_t i = 2; i < 20; ++i) CHECK(table.intern({.idle = i}).idle == i);
  CHECK(&table.intern({.idle = 1}) == &first);
  CHECK(&table.intern({.idle = 1, .strict = true}) != &first);
}
