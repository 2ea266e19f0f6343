#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/programs/load/ip_address.hpp"
#include "mod_wsflow/programs/load/load_options.hpp"

namespace wsflow::load {

// What this machine has for a run, before it begins.
struct ClientRoom {
  std::uint64_t descriptors = 0;  // the hard limit
  std::uint64_t ports = 0;        // of one source address
};

// Reads it, and raises the soft limit of descriptors to the hard one.
ClientRoom client_room();

// The text of /proc/sys/net/ipv4/ip_local_port_range ("32768\t60999\n"): how many ports that is; 0: unknown.
std::uint64_t ports_of(std::string_view range) noexcept;

// Why the run does not fit in, with the limit that is in the way; empty: it does.
std::string no_room_for(const LoadOptions& options, const ClientRoom& room, bool loopback);

// A warning that the run needs more than half of the ports of its source addresses; empty: it does not.
// Behind that half each connect costs Linux a search through it (findings/half-of-the-ports.sh).
std::string slow_ports_of(const LoadOptions& options, const ClientRoom& room);

// A source address that is none of this machine; empty: all are.
std::string foreign_address(const std::vector<IpAddress>& from);

}  // namespace wsflow::load
