#include "mod_wsflow/programs/doctor/nested_times.hpp"

#include <catch2/catch.hpp>

namespace wsflow::doctor {

namespace {

void add_route(Dump& dump, std::uint64_t connect, std::uint64_t handshake) {
  dump.routes.push_back({.route = "WSFlowPass /a",
                         .place = "site.conf:3",
                         .times = {.connect = connect, .handshake = handshake},
                         .origins = {},
                         .limits = {"app"}});
}

// The value of "handshake=" in the line that is advised, in milliseconds.
std::uint64_t advised(const Trouble& trouble) {
  const auto& line = trouble.advice.front().line;
  const auto begin = line.find("handshake=") + 10;
  const auto number = static_cast<std::uint64_t>(std::stoul(line.substr(begin)));
  const auto unit = line.substr(line.find_first_not_of("0123456789", begin));
  if (unit == "ms") return number;
  return number * (unit == "s" ? 1000 : unit == "mi" ? 60'000 : 3'600'000);
}

}  // namespace

TEST_CASE("times as a configuration has them") {
  CHECK(written_time(5000) == "5s");
  CHECK(written_time(1500) == "1500ms");
  CHECK(written_time(120'000) == "2mi");
  CHECK(written_time(7'200'000) == "2h");
  CHECK(written_time(0) == "0s");
}

TEST_CASE("times that are nested are no trouble, and those that nobody has told are none") {
  Dump dump;
  add_route(dump, 1000, 10'000);
  DoctorOptions options;
  CHECK(nested_times(options, dump).empty());
  options.client_ms = 12'000;
  options.origin_ms = 5000;
  options.database_ms = 4000;
  CHECK(nested_times(options, dump).empty());
}

TEST_CASE("a proxy that waits for longer than its clients gets less, which cures it") {
  Dump dump;
  add_route(dump, 5000, 60'000);
  DoctorOptions options;
  options.client_ms = 10'000;
  auto found = nested_times(options, dump);
  REQUIRE(found.size() == 1);
  CHECK(found.front().id == "time-outs");
  CHECK(found.front().advice.front().where == "site.conf:3");
  dump.routes.front().times.handshake = advised(found.front());
  CHECK(nested_times(options, dump).empty());
  // The queue of a limit counts too.
  dump.acquires = {{"app", 3000}, {"other", 99'000}};
  found = nested_times(options, dump);
  REQUIRE(found.size() == 1);
  CHECK(found.front().because.find("acquire=3s") != std::string::npos);
  dump.routes.front().times.handshake = advised(found.front());
  CHECK(nested_times(options, dump).empty());
}

TEST_CASE("where nothing is left for the handshake, the other waits are to be shorter") {
  Dump dump;
  add_route(dump, 5000, 60'000);
  DoctorOptions options;
  options.client_ms = 5000;
  const auto found = nested_times(options, dump);
  REQUIRE(found.size() == 1);
  CHECK(found.front().advice.front().line == "connect=1s handshake=2500ms");
  dump.routes.front().times = {.connect = 1000, .handshake = 2500};
  CHECK(nested_times(options, dump).empty());
}

TEST_CASE("a proxy waits for longer than its origin, which waits for longer than its database") {
  Dump dump;
  add_route(dump, 1000, 10'000);
  DoctorOptions options;
  options.origin_ms = 10'000;
  auto found = nested_times(options, dump);
  REQUIRE(found.size() == 1);
  dump.routes.front().times.handshake = advised(found.front());
  CHECK(nested_times(options, dump).empty());
  options.database_ms = 10'000;
  found = nested_times(options, dump);
  REQUIRE(found.size() == 1);
  CHECK(found.front().title == "time-outs of the application");
}

}  // namespace wsflow::doctor
