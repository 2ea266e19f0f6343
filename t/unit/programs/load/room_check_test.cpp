#include "mod_wsflow/programs/load/room_check.hpp"

#include <catch2/catch.hpp>

using namespace wsflow::load;

namespace {

LoadOptions of(std::uint32_t connections, const char* from = nullptr) {
  LoadOptions options;
  options.connections = connections;
  if (from != nullptr) options.from = *parse_addresses(from);
  return options;
}

}  // namespace

TEST_CASE("the range of ports is counted", "[load]") {
  CHECK(ports_of("32768\t60999\n") == 28232);
  CHECK(ports_of("1024 65535") == 64512);
  CHECK(ports_of("") == 0);
  CHECK(ports_of("60999\t32768\n") == 0);
  CHECK(ports_of("many") == 0);
}

TEST_CASE("a run that does not fit in names the limit", "[load]") {
  const ClientRoom room{.descriptors = 60'000, .ports = 28'232};
  CHECK(no_room_for(of(28'000), room, false).empty());
  CHECK_THAT(no_room_for(of(70'000), room, false), Catch::Contains("70020 descriptors") &&
                                                       Catch::Contains("60000") &&
                                                       Catch::Contains("ulimit -Hn"));
  CHECK_THAT(no_room_for(of(40'000), room, false), Catch::Contains("28232") &&
                                                       Catch::Contains("ip_local_port_range") &&
                                                       Catch::Contains("2 addresses with --from"));
  CHECK_THAT(no_room_for(of(40'000), room, true), Catch::Contains("--from 127.0.0.2-127.0.0.3"));
  CHECK(no_room_for(of(40'000, "127.0.0.2-127.0.0.3"), room, true).empty());
  CHECK(no_room_for(of(40'000), {.descriptors = 60'000, .ports = 0}, false).empty());
}

TEST_CASE("a run that needs more than half of the ports is warned", "[load]") {
  const ClientRoom room{.descriptors = 60'000, .ports = 28'232};
  CHECK(slow_ports_of(of(14'116), room).empty());
  CHECK_THAT(slow_ports_of(of(14'117), room),
             Catch::Contains("14116") && Catch::Contains("2 addresses with --from"));
  CHECK(slow_ports_of(of(28'000, "127.0.0.2-127.0.0.3"), room).empty());
  CHECK_THAT(slow_ports_of(of(30'000, "127.0.0.2-127.0.0.3"), room),
             Catch::Contains("3 addresses with --from"));
  CHECK(slow_ports_of(of(40'000), {.descriptors = 60'000, .ports = 0}).empty());
}

TEST_CASE("a source address that is none of this machine is named", "[load]") {
  CHECK(foreign_address(*parse_addresses("127.0.0.1,127.0.0.9")).empty());
  CHECK_THAT(foreign_address(*parse_addresses("127.0.0.1,192.0.2.77")),
             Catch::Contains("192.0.2.77") && Catch::Contains("EADDRNOTAVAIL"));
}
