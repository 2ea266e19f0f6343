#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mod_wsflow/base/parsed.hpp"

namespace wsflow::load {

// A WebSocket to be opened: ws://HOST[:PORT][/PATH][?QUERY], or wss://.
struct TargetUrl {
  bool secure = false;
  std::string host;  // without the brackets of an IPv6 address
  std::uint16_t port = 0;
  std::string authority;  // the Host field: as written
  std::string request;    // path and query
  // Scheme, authority and path: a query may hold a secret, so no report shows it.
  std::string shown;
};

base::Parsed<TargetUrl> parse_target_url(std::string_view text);

// HOST, HOST:PORT, [IPv6] or [IPv6]:PORT; `port` is the one where none is given.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
base::Parsed<HostPort> parse_host_port(std::string_view text, std::uint16_t port);

}  // namespace wsflow::load
