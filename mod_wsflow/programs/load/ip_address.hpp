#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mod_wsflow/base/parsed.hpp"

namespace wsflow::load {

// An address of a socket.
struct IpAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  int family() const noexcept { return storage.ss_family; }
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  std::string text() const;  // without the port
};

// Most addresses of a list.
inline constexpr std::size_t kMostAddresses = 4096;

// A comma-separated list of addresses and ranges, all of one family: "192.0.2.1,192.0.2.8-192.0.2.15".
base::Parsed<std::vector<IpAddress>> parse_addresses(std::string_view list);

// The one of them to which a connection can be opened now; if none can be, the first. Waits a second for
// each, unless there is one alone. Pre: there is one.
const IpAddress& reachable(const std::vector<IpAddress>& addresses);

// The addresses of a name, of `family` (AF_UNSPEC: any).
base::Parsed<std::vector<IpAddress>> resolve(const std::string& host, std::uint16_t port, int family);

}  // namespace wsflow::load
