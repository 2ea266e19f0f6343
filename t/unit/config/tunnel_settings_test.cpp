#include "mod_wsflow/config/tunnel_settings.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace wsflow::config;

namespace {

std::string error_of(SettingsDirective directive, const std::string& arguments) {
  return parse_settings(directive, arguments).wrong();
}

bool contains(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("time-outs say all of their settings", "[tunnel_settings]") {
  const auto line = parse_settings(
      SettingsDirective::timeout,
      "connect=1500ms handshake=1h idle=0 stall=10ms close=3 lifetime=1000h jitter=50% until=\"%{env:X} y\"");
  REQUIRE(line);
  CHECK(line->settings == PartialTunnelSettings{.connect = 1'500'000,
                                                .handshake = 3600 * kSecond,
                                                .idle = 0,
                                                .stall = 10'000,
                                                .close = 3 * kSecond,
                                                .lifetime = 3'600'000 * kSecond,
                                                .jitter = 50});
  CHECK(line->until == "%{env:X} y");
}

TEST_CASE("Close codes are told by outcome", "[tunnel_settings]") {
  const auto line =
      parse_settings(SettingsDirective::close_code, "origin-lost=none LIFETIME=4200 spread=1500ms");
  REQUIRE(line);
  const auto settings = complete(line->settings, kDefaultSettings);
  const auto options = make_options(settings, nullptr);
  CHECK(options.client_codes[static_cast<std::size_t>(wsflow::tunnel::Notice::origin_lost)] == 0);
  CHECK(options.client_codes[static_cast<std::size_t>(wsflow::tunnel::Notice::lifetime)] == 4200);
  CHECK(options.client_codes[static_cast<std::size_t>(wsflow::tunnel::Notice::server_stop)] == 1001);
  CHECK(options.spread == 1500);
  CHECK(contains(error_of(SettingsDirective::close_code, "drained=1012"),
                 "expected one or more of origin-lost="));
  CHECK(contains(error_of(SettingsDirective::close_code, "lifetime=1006"), "needs none or a Close code"));
  CHECK(contains(error_of(SettingsDirective::close_code, "lifetime=0"), "needs none or a Close code"));
  CHECK(contains(error_of(SettingsDirective::close_code, "lifetime=1001 lifetime=none"), "given twice"));
  CHECK(contains(error_of(SettingsDirective::close_code, "spread=61s"), "a time to 60s"));
}

TEST_CASE("units are those that httpd takes, in any case and with any ending", "[tunnel_settings]") {
  struct Written {
    const char* text;
    std::int64_t time;
  };
  const auto written = GENERATE(values<Written>({{"500MS", 500'000},
                                                 {"500msec", 500'000},
                                                 {"5S", 5 * kSecond},
                                                 {"5sec", 5 * kSecond},
                                                 {"5seconds", 5 * kSecond},
                                                 {"2Mi", 120 * kSecond},
                                                 {"10min", 600 * kSecond},
                                                 {"10MINUTES", 600 * kSecond},
                                                 {"1H", 3600 * kSecond},
                                                 {"1hr", 3600 * kSecond},
                                                 {"1hours", 3600 * kSecond}}));
  INFO(written.text);
  const auto line = parse_settings(SettingsDirective::timeout, std::string("stall=") + written.text);
  REQUIRE(line);
  CHECK(line->settings.stall == written.time);
  const auto* wrong = GENERATE("5m", "5x", "5 s", "5s5", "5h30mi", "5mb", "s", "5,s", "5s ");
  CHECK_FALSE(error_of(SettingsDirective::timeout, std::string("\"stall=") + wrong + '"').empty());
}

TEST_CASE("keys and choices may be in any case, as mod_proxy's are", "[tunnel_settings]") {
  const std::vector<std::string> words{"IDLE=5s", "Strict=ON", "action=Close", "rate=5/s"};
  const auto line = parse_settings(SettingsDirective::pass, words);
  REQUIRE(line);
  CHECK(line->settings.idle == 5 * kSecond);
  CHECK(line->settings.strict == true);
  CHECK(line->settings.messages[1].close == true);
  CHECK(parse_settings(SettingsDirective::message_limit, "frame=1 from=CLIENT")->settings.messages[1] ==
        PartialMessageSettings{});
}

TEST_CASE("pings say all of their settings", "[tunnel_settings]") {
  const auto line = parse_settings(SettingsDirective::ping, "client=0 origin=2mi timeout=500ms");
  REQUIRE(line);
  CHECK(line->settings ==
        PartialTunnelSettings{.ping_client = 0, .ping_origin = 120 * kSecond, .ping_timeout = 500'000});
}

TEST_CASE("a message limit counts from both sides, or from the one it names", "[tunnel_settings]") {
  const PartialMessageSettings all{
      .frame = 65'536, .message = 1 << 20, .rate = 10, .bytes = 2048, .close = true};
  const std::string keys = "frame=64k message=1M rate=10/s bytes=2K/s action=close";
  const auto parse = [](const std::string& words) {
    return parse_settings(SettingsDirective::message_limit, words);
  };
  CHECK(parse(keys)->settings == PartialTunnelSettings{.messages = {all, all}});
  CHECK(parse(keys + " from=both")->settings == PartialTunnelSettings{.messages = {all, all}});
  CHECK(parse("from=client " + keys)->settings ==
        PartialTunnelSettings{.messages = {all, PartialMessageSettings{}}});
  CHECK(parse(keys + " from=origin")->settings ==
        PartialTunnelSettings{.messages = {PartialMessageSettings{}, all}});
  CHECK(parse("rate=0 bytes=0 frame=0 action=slow strict=on")->settings.messages[0] ==
        PartialMessageSettings{.frame = 0, .rate = 0, .bytes = 0, .close = false});
  CHECK(parse("strict=on")->settings == PartialTunnelSettings{.strict = true});
  CHECK(parse("strict=off")->settings == PartialTunnelSettings{.strict = false});
}

TEST_CASE("keys of WSFlowPass say the same under names that mod_proxy has not", "[tunnel_settings]") {
  const std::vector<std::string> words{"idle=5s",     "ping-client=1s",    "ping-timeout=2s", "frame=1k",
                                       "from=origin", "receive-buffer=8k", "send-buffer=0",   "buffer=4k"};
  for (const auto& word : words) CHECK(is_pass_setting(word));
  const auto line = parse_settings(SettingsDirective::pass, words);
  REQUIRE(line);
  CHECK(line->settings ==
        PartialTunnelSettings{.idle = 5 * kSecond,
                              .ping_client = kSecond,
                              .ping_timeout = 2 * kSecond,
                              .buffer = 4096,
                              .receive_buffer = 8192,
                              .send_buffer = 0,
                              .messages = {PartialMessageSettings{}, PartialMessageSettings{.frame = 1024}}});
  const auto* theirs = GENERATE("timeout=5", "ping=3", "client=5s", "acquire=10", "=5", "", "idle");
  CHECK_FALSE(is_pass_setting(theirs));
}

TEST_CASE("a wrong value is named with what is legal", "[tunnel_settings]") {
  struct Wrong {
    SettingsDirective directive;
    std::string word;
    std::string legal;
  };
  const auto wrong =
      GENERATE(Wrong{SettingsDirective::timeout, "connect=0", "10ms to 1h"},
               Wrong{SettingsDirective::timeout, "handshake=-1s", "10ms to 1h"},
               Wrong{SettingsDirective::timeout, "idle=9ms", "0 (none) or a time from 10ms to 1000h"},
               Wrong{SettingsDirective::timeout, "idle=1001h", "1000h"},
               Wrong{SettingsDirective::timeout, "stall=", "1000h"},
               Wrong{SettingsDirective::timeout, "lifetime=9999999999999999999h", "1000h"},
               Wrong{SettingsDirective::timeout, "jitter=10", "0 to 50 with %"},
               Wrong{SettingsDirective::timeout, "jitter=51%", "0 to 50 with %"},
               Wrong{SettingsDirective::timeout, "jitter=%", "0 to 50 with %"},
               Wrong{SettingsDirective::timeout, "until=", "seconds since 1970"},
               Wrong{SettingsDirective::ping, "timeout=0", "10ms to 1h"},
               Wrong{SettingsDirective::message_limit, "frame=1T", "1024G"},
               Wrong{SettingsDirective::message_limit, "message=1025G", "1024G"},
               Wrong{SettingsDirective::message_limit, "rate=5", "1 to 1000000 with /s"},
               Wrong{SettingsDirective::message_limit, "rate=0/m", "with /s"},
               Wrong{SettingsDirective::message_limit, "rate=1000001/s", "1000000"},
               Wrong{SettingsDirective::message_limit, "bytes=1k", "with /s"},
               Wrong{SettingsDirective::message_limit, "from=me", "client, origin or both"},
               Wrong{SettingsDirective::message_limit, "action=stop", "slow or close"},
               Wrong{SettingsDirective::message_limit, "strict=yes", "on or off"});
  const auto error = error_of(wrong.directive, wrong.word);
  CHECK(contains(error, wrong.word + ": "));
  CHECK(contains(error, wrong.legal));
}

TEST_CASE("what is no key of a directive is named with its keys", "[tunnel_settings]") {
  CHECK(error_of(SettingsDirective::ping, "breakfast=5s") ==
        "breakfast=5s: unknown; expected one or more of client= origin= timeout=");
  CHECK(contains(error_of(SettingsDirective::ping, "idle=5s"), "unknown"));
  CHECK(contains(error_of(SettingsDirective::timeout, "idle"), "unknown"));
  CHECK(contains(error_of(SettingsDirective::timeout, "ping-client=5s"), "unknown"));
  CHECK(error_of(SettingsDirective::ping, " ") == "needs one or more of client= origin= timeout=");
  CHECK(contains(error_of(SettingsDirective::timeout, "until=\"x"), "a quote has no end"));
}

TEST_CASE("words that do not go together are refused", "[tunnel_settings]") {
  const auto error = [](const std::string& words) {
    return error_of(SettingsDirective::message_limit, words);
  };
  CHECK(contains(error("frame=1 frame=1"), "given twice"));
  CHECK(contains(error("from=client"), "from= goes with"));
  CHECK(contains(error("from=client frame=1 strict=on"), "both directions"));
  CHECK(contains(error("frame=2k message=1k"), "must not be greater"));
  CHECK(error("frame=2k message=0").empty());
}

TEST_CASE("the sizes of buffers", "[tunnel_settings]") {
  CHECK(kBuffer.parse("64k") == 65'536);
  CHECK(kBuffer.parse("64M") == 64 << 20);
  CHECK_FALSE(kBuffer.parse("0"));
  CHECK_FALSE(kBuffer.parse("4095"));
  CHECK_FALSE(kBuffer.parse("65M"));
  CHECK(kSocketBuffer.parse("0") == 0);
  CHECK_FALSE(kSocketBuffer.parse("1"));
}

TEST_CASE("inner settings win over outer ones, key by key", "[tunnel_settings]") {
  const PartialTunnelSettings inner{
      .idle = 0, .messages = {PartialMessageSettings{.frame = 5}, PartialMessageSettings{}}};
  const PartialTunnelSettings outer{
      .idle = 1, .stall = 2, .messages = {PartialMessageSettings{.frame = 6, .rate = 7}, {}}};
  CHECK(overlay(inner, outer) ==
        PartialTunnelSettings{
            .idle = 0, .stall = 2, .messages = {PartialMessageSettings{.frame = 5, .rate = 7}, {}}});
  CHECK(complete(PartialTunnelSettings{}, kDefaultSettings) == kDefaultSettings);
  auto expected = kDefaultSettings;
  expected.idle = 1;
  expected.stall = 2;
  expected.messages[0].frame = 6;
  expected.messages[0].rate = 7;
  CHECK(complete(outer, kDefaultSettings) == expected);
}
