#include "mod_wsflow/config/limit_directive.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "mod_wsflow/limits/share.hpp"

using namespace wsflow;
using config::LimitDirective;
using config::parse_limit;

namespace {

std::string error_of(const std::string& arguments) {
  return parse_limit(arguments).wrong();
}

}  // namespace

TEST_CASE("a limit says all of its settings", "[limit_directive]") {
  const auto line = parse_limit(
      "api-v1.x concurrency=20 key=\"%{HTTP:X-User} x\" ipv6-prefix=64 keys=500 full=open show-key=on "
      "queue=40 "
      "acquire=1500ms rate=90/m burst=7 ramp=2mi status=429 retry-after=1h dry-run=on applies=requests");
  REQUIRE(line);
  REQUIRE(line->kind == LimitDirective::Kind::define);
  CHECK(std::string(line->definition.name) == "api-v1.x");
  CHECK(line->definition.settings ==
        limits::LimitSettings{.concurrency = 20, .queue = 40, .rate = 1.5, .burst = 7});
  CHECK(line->definition.acquire == 1'500'000);
  CHECK(line->definition.ramp == 120'000'000);
  CHECK(line->definition.keys == 500);
  CHECK(line->definition.keyed);
  CHECK(line->definition.fail_open);
  CHECK(line->definition.dry_run);
  CHECK(line->definition.most == 0);
  CHECK(line->key == "%{HTTP:X-User} x");
  CHECK(line->ipv6_prefix == 64);
  CHECK(line->show_key);
  CHECK(line->status == 429);
  CHECK(line->retry_after == 3600);
  CHECK(line->definition.applies == limits::Applies::requests);
}

TEST_CASE("what a limit does not say has its default", "[limit_directive]") {
  const auto line = parse_limit("x concurrency=5");
  REQUIRE(line->kind == LimitDirective::Kind::define);
  CHECK(line->definition.settings == limits::LimitSettings{.concurrency = 5});
  CHECK(line->definition.acquire == 0);
  CHECK_FALSE(line->definition.keyed);
  CHECK_FALSE(line->definition.fail_open);
  CHECK_FALSE(line->definition.dry_run);
  CHECK(line->definition.applies == limits::Applies::all);
  CHECK(line->ipv6_prefix == 128);
  CHECK(line->status == 503);
  CHECK(line->retry_after == 0);
}

TEST_CASE("the burst of a rate is a second's worth, and one at least", "[limit_directive]") {
  CHECK(parse_limit("x rate=50/s")->definition.settings == limits::LimitSettings{.rate = 50, .burst = 50});
  CHECK(parse_limit("x rate=150/m")->definition.settings == limits::LimitSettings{.rate = 2.5, .burst = 2});
  CHECK(parse_limit("x rate=36/h")->definition.settings == limits::LimitSettings{.rate = 0.01, .burst = 1});
}

TEST_CASE("a concurrency that adapts begins with its most", "[limit_directive]") {
  const auto line = parse_limit("x concurrency=auto min=10 max=200");
  REQUIRE(line);
  CHECK(line->definition.settings.concurrency == 200);
  CHECK(line->definition.least == 10);
  CHECK(line->definition.most == 200);
}

TEST_CASE("a key is shown by default if it is the client's address", "[limit_directive]") {
  CHECK(parse_limit("x rate=1/s key=%{REMOTE_ADDR}")->show_key);
  CHECK(parse_limit("x rate=1/s key='%{CONN_REMOTE_ADDR}'")->show_key);
  CHECK_FALSE(parse_limit("x rate=1/s key=%{REMOTE_ADDR} show-key=off")->show_key);
  CHECK_FALSE(parse_limit("x rate=1/s key=%{REMOTE_ADDR}%{HTTP:X}")->show_key);
}

TEST_CASE("quotes stand round a word or round its value", "[limit_directive]") {
  CHECK(parse_limit("x rate=1/s \"key=%{req:X} 'a'\"")->key == "%{req:X} 'a'");
  CHECK(parse_limit("x rate=1/s key='%{req:X} \"a\"'")->key == "%{req:X} \"a\"");
  CHECK(parse_limit(R"(x rate=1/s key="\"a\\\d")")->key == R"("a\\d)");
  CHECK(parse_limit("x rate=1/s key=a'b'\"")->key == "a'b'\"");
  const auto* open = GENERATE("x 'rate=1/s", "x rate=\"1/s", "x rate='1/s'key=a", "\"x rate=1/s");
  INFO(open);
  CHECK_FALSE(error_of(open).empty());
}

TEST_CASE("a name alone is a use, with off it lifts", "[limit_directive]") {
  CHECK(parse_limit(" x ")->kind == LimitDirective::Kind::use);
  CHECK(parse_limit("x off")->kind == LimitDirective::Kind::lift);
  CHECK(parse_limit("\"x\"\tOFF ")->kind == LimitDirective::Kind::lift);
  CHECK(error_of("x off rate=1/s").find("off: unknown") != std::string::npos);
  CHECK(error_of("x rate=1/s off").find("off: unknown") != std::string::npos);
}

TEST_CASE("a name is short and plain", "[limit_directive]") {
  CHECK(error_of(std::string(47, 'n')).empty());
  const auto name =
      GENERATE(as<std::string>(), "", "rate=5/s", "a/b", "\"a b\"", "\xC3\xA4", std::string(48, 'n'));
  INFO(name);
  CHECK(error_of(name).find("needs a name of 1 to 47") != std::string::npos);
}

TEST_CASE("a wrong value is named with the legal ones", "[limit_directive]") {
  struct Case {
    const char* settings;
    const char* expected;
  };
  const auto wrong = GENERATE(values<Case>(
      {{"concurrency=0", "x concurrency=0: concurrency= needs a number from 1 to 1000000, or auto"},
       {"concurrency=-1", "1 to 1000000"},
       {"concurrency=1000001", "1 to 1000000"},
       {"concurrency=4294967297", "1 to 1000000"},
       {"concurrency=5x", "1 to 1000000"},
       {"concurrency=", "1 to 1000000"},
       {"concurrency", "concurrency: unknown; expected concurrency=, min="},
       {"Concurrency=5", "unknown; expected"},
       {"colour=blue", "colour=blue: unknown; expected concurrency=, min="},
       {"concurrency=5 concurrency=5", "concurrency=5: concurrency= is given twice"},
       {"rate=5", "with /s, /m or /h"},
       {"rate=/s", "with /s, /m or /h"},
       {"rate=0/s", "with /s, /m or /h"},
       {"rate=0.5/s", "with /s, /m or /h"},
       {"rate=5/d", "with /s, /m or /h"},
       {"rate=5/s burst=0", "burst= needs a number from 1"},
       {"rate=5/s ramp=25h", "ramp= needs a time to 24h"},
       {"rate=5/s key=", "key= needs an expression"},
       {"rate=5/s key=a ipv6-prefix=129", "1 to 128"},
       {"rate=5/s key=a keys=65537", "1 to 65536"},
       {"rate=5/s key=a full=maybe", "open or closed"},
       {"rate=5/s key=a show-key=maybe", "on or off"},
       {"rate=5/s dry-run=", "on or off"},
       {"rate=5/s queue=10001", "1 to 10000"},
       {"rate=5/s queue=0", "1 to 10000"},
       {"rate=5/s acquire=61mi", "time to 1h"},
       {"rate=5/s acquire=-1s", "time to 1h"},
       {"rate=5/s acquire=5m", "time to 1h"},
       {"rate=5/s acquire=9223372036854775807h", "time to 1h"},
       {"rate=5/s status=200", "400 to 599"},
       {"rate=5/s status=600", "400 to 599"},
       {"rate=5/s retry-after=1500ms", "whole seconds"},
       {"rate=5/s retry-after=0", "whole seconds"},
       {"rate=5/s retry-after=90000", "whole seconds"}}));
  INFO(wrong.settings);
  CHECK_THAT(error_of(std::string("x ") + wrong.settings), Catch::Contains(wrong.expected));
}

TEST_CASE("settings that need others, or contradict them, are named", "[limit_directive]") {
  struct Case {
    const char* settings;
    const char* expected;
  };
  const auto wrong =
      GENERATE(values<Case>({{"status=429", "concurrency= or rate="},
                             {"concurrency=auto", "needs min= and max="},
                             {"concurrency=auto min=5", "needs min= and max="},
                             {"concurrency=auto min=6 max=5", "min= must not be greater than max="},
                             {"concurrency=5 max=6", "go with concurrency=auto"},
                             {"rate=5/s min=1 max=6", "go with concurrency=auto"},
                             {"concurrency=5 burst=6", "go with rate="},
                             {"concurrency=5 ramp=6s", "go with rate="},
                             {"concurrency=5 queue=6", "queue= needs acquire="},
                             {"concurrency=5 queue=6 acquire=0", "queue= needs acquire="},
                             {"concurrency=5 keys=6", "go with key="},
                             {"concurrency=5 ipv6-prefix=64", "go with key="},
                             {"concurrency=5 full=open", "go with key="},
                             {"concurrency=5 show-key=on", "go with key="}}));
  INFO(wrong.settings);
  CHECK_THAT(error_of(std::string("x ") + wrong.settings), Catch::Contains(wrong.expected));
}

TEST_CASE("a limit that nodes share has its name there, and a floor", "[limit_directive]") {
  const auto line = parse_limit("chat concurrency=50 rate=5/s cluster=all.chat floor=4");
  REQUIRE(line);
  CHECK(std::string(line->definition.cluster) == "all.chat");
  CHECK(line->definition.floor == 4);
  CHECK(limits::is_shared(line->definition));
  CHECK_FALSE(limits::is_shared(parse_limit("chat concurrency=50")->definition));
  CHECK(error_of("x concurrency=5 floor=1") == "x floor= goes with cluster=");
  CHECK(error_of("x concurrency=5 cluster=y floor=6") == "x floor= must not be greater than concurrency=");
  CHECK(error_of("x concurrency=5 cluster=") ==
        "x cluster=: cluster= needs a name of 1 to 47 letters, digits, '_', '.' and '-'");
  CHECK(error_of("x concurrency=auto min=1 max=2 cluster=y").find("concurrency=auto measures one node") !=
        std::string::npos);
  const auto keyed = parse_limit("x concurrency=5 key=%{REMOTE_ADDR} cluster=y");
  REQUIRE(keyed);
  CHECK(limits::shares_keys(keyed->definition));
  CHECK_FALSE(limits::shares_keys(line->definition));
}
