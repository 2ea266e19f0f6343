#include "mod_wsflow/config/drain_settings.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace wsflow::config;

TEST_CASE("a word of a drain gives one setting", "[drain_settings]") {
  CHECK(parse_drain("deadline=2h")->deadline == std::int64_t{7200} * 1'000'000);
  CHECK(parse_drain("deadline=0")->deadline == 0);
  CHECK(parse_drain("window=90")->window == 90'000'000);
  CHECK(parse_drain("code=1001")->code == 1001);
  CHECK(parse_drain("on-worker-down=keep")->worker_down == 0);
  CHECK(parse_drain("on-worker-down=close:50/s")->worker_down == 50);
  CHECK_FALSE(parse_drain("code=1001")->deadline);
}

TEST_CASE("a drain tells what it does not take, and what is legal", "[drain_settings]") {
  const auto [word, sentence] = GENERATE(table<const char*, const char*>(
      {{"deadline=9000h",
        "deadline=9000h: deadline= needs 0 (none) or a time to 8760h (units ms, s, mi, h; seconds if none)"},
       {"window",
        "window: window= needs 0 (all at once) or a time to 8760h (units ms, s, mi, h; seconds if none)"},
       {"code=1005",
        "code=1005: code= needs a Close code that may be sent: 1000 to 1003, 1007 to 1014, 3000 to 4999"},
       {"on-worker-down=close:0/s",
        "on-worker-down=close:0/s: on-worker-down= needs keep, or close:N/s with a number from 1 to 100000"},
       {"Code=1001",
        "Code=1001: unknown; expected deadline=TIME, window=TIME, code=NUMBER or "
        "on-worker-down=keep|close:N/s"}}));
  const auto drain = parse_drain(word);
  CHECK_FALSE(drain);
  CHECK(drain.wrong() == sentence);
}

TEST_CASE("what a drain does not say has its default", "[drain_settings]") {
  const auto given = overlay(*parse_drain("code=1001"), *parse_drain("window=0"));
  const auto drain = complete(given, kDefaultDrain);
  CHECK(drain.deadline == kDefaultDrain.deadline);
  CHECK(drain.window == 0);
  CHECK(drain.code == 1001);
  CHECK(drain.worker_down == 0);
}
