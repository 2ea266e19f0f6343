#include "mod_wsflow/programs/doctor/doctor_options.hpp"

#include <catch2/catch.hpp>
#include <initializer_list>

namespace wsflow::doctor {

namespace {

base::Parsed<DoctorOptions> read(std::initializer_list<const char*> words) {
  return read_options({words.begin(), words.size()});
}

}  // namespace

TEST_CASE("options of wsflow-doctor") {
  const auto options = read({"--tunnels", "20000", "--client-timeout=1500ms", "--origin-timeout", "2mi",
                             "--database-timeout", "5", "--apachectl", "sudo apachectl", "--dump=-",
                             "--status", "http://x/s", "--json", "--offline"});
  REQUIRE(options);
  CHECK(options->tunnels == 20'000);
  CHECK(options->client_ms == 1500);
  CHECK(options->origin_ms == 120'000);
  CHECK(options->database_ms == 5000);
  CHECK(options->apachectl == "sudo apachectl");
  CHECK(options->dump == "-");
  CHECK(options->status == "http://x/s");
  CHECK(options->json);
  CHECK(options->offline);
  CHECK_FALSE(options->help);
  const auto none = read({});
  REQUIRE(none);
  CHECK_FALSE(none->tunnels);
  CHECK(read({"-h"})->help);
}

TEST_CASE("what no option is, is named with what is legal") {
  struct Case {
    std::initializer_list<const char*> words;
    const char* sentence;
  };
  const Case cases[] = {
      {{"--tunnel", "5"}, "--tunnel: no such option; see wsflow-doctor --help"},
      {{"20000"}, "20000: no such option; see wsflow-doctor --help"},
      {{"--tunnels"}, "--tunnels needs a value: a number from 1 to 100000000"},
      {{"--tunnels", "0"}, "--tunnels 0: expected a number from 1 to 100000000"},
      {{"--tunnels", "20k"}, "--tunnels 20k: expected a number from 1 to 100000000"},
      {{"--tunnels=-1"}, "--tunnels -1: expected a number from 1 to 100000000"},
      {{"--tunnels", "100000001"}, "--tunnels 100000001: expected a number from 1 to 100000000"},
      {{"--client-timeout", "0"},
       "--client-timeout 0: expected a time (units ms, s, mi, h; seconds if none)"},
      {{"--client-timeout", "5 s"},
       "--client-timeout 5 s: expected a time (units ms, s, mi, h; seconds if none)"},
      {{"--origin-timeout", "99999999999999"},
       "--origin-timeout 99999999999999: expected a time (units ms, s, mi, h; seconds if none)"},
      {{"--dump="}, "--dump : expected a file, or - for standard input"},
  };
  for (const auto& each : cases) {
    const auto options = read(each.words);
    REQUIRE_FALSE(options);
    CHECK(options.wrong() == each.sentence);
  }
}

}  // namespace wsflow::doctor
