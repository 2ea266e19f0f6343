#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mod_wsflow/limits/permit_set.hpp"
#include "mod_wsflow/shm/tunnel_table.hpp"

namespace wsflow::shm {

// Which live tunnels are meant: those that match everything that is given. An empty text means any.
struct Selector {
  std::optional<std::uint64_t> id{};
  std::string client{};  // an address as people write it
  std::string user{};    // whole
  std::string server{};  // whole, as all of a label
  std::string route{};
  std::string origin{};
  // What `permits` are, as an address says it: those that are held of this key of this limit. Nobody looks at
  // them here.
  std::string limit{};
  std::string key{};
  std::string part{};                            // stands somewhere in one of these texts
  std::optional<std::uint32_t> resource{};       // held of this shared resource
  const limits::PermitSet* permits = nullptr;    // holds one of these; borrowed
  bool untold = false;                           // and was never commanded anything
  std::optional<std::int64_t> began_until_us{};  // had begun by then; base::now_us()
};

enum class SortBy : std::uint8_t {
  row,  // as they stand in the table: the quickest
  age,
  idle,
  bytes,     // both directions
  messages,  // both directions
  rtt,       // to the client
  client,
  user,
  route,
  origin,
  state,
};

struct Query {
  Selector selector{};
  SortBy sort = SortBy::row;
  bool descending = false;
  std::size_t first = 0;
  std::size_t count = 0;
};

struct TunnelView {
  std::uint64_t id;
  std::uint32_t pid;
  ProcessKind kind;
  std::uint32_t generation;
  std::int64_t started_us;
  std::int64_t began_us = 0;
  std::string client;
  std::string server;
  std::string route;
  std::string origin;
  std::string user;          // raw; empty: none, or not to be shown
  limits::PermitRef permit;  // of the limits
  std::uint16_t traits;
  std::uint32_t active;                // when data passed last: seconds since it started
  std::array<std::uint64_t, 2> bytes;  // from client and origin
  std::array<std::uint64_t, 2> messages;
  std::array<std::optional<std::uint32_t>, 2> rtt_ms;  // of the last ping to client and origin
};

struct Page {
  std::vector<TunnelView> tunnels;
  std::uint64_t matched = 0;  // on all pages
  std::uint64_t total = 0;    // without the selector
};

// Never builds more than a page, however many there are. Any process, any thread.
Page tunnels(const Layout& layout, const Query& query);

// Tells the processes of up to `most` of these tunnels what to do; how many were told. Any process, any
// thread.
std::size_t command(Layout& layout, const Selector& selector, std::size_t most, Command action,
                    std::uint16_t code);

// The tunnels that a process has left when it died; `pid` is 0. For whoever reaps its slot.
using LostTunnels = std::vector<TunnelView>;
void add_tunnels_of(const Layout& layout, std::uint32_t slot, LostTunnels& lost);

// What became of the tunnels of one server, route and origin.
struct RouteView {
  std::uint32_t number = 0;  // of its label: it keeps it as long as httpd runs; 0: those without a label
  std::string server;
  std::string route;
  std::string origin;  // empty: counts handshakes that reached none
  std::uint64_t active = 0;
  std::uint64_t opened = 0;
  std::uint64_t refused = 0;             // in sum
  double handshake_mean = 0;             // seconds, of the opened
  std::array<std::uint64_t, 2> bytes{};  // from clients and origins
  std::array<std::uint64_t, 2> messages{};
  bool drained = false;            // takes no new tunnels
  std::uint64_t handshake_us = 0;  // of the opened, in sum
  std::array<std::uint64_t, base::kHandshakeRefusals> refused_by{};
  std::array<std::array<std::uint64_t, kCloseCodes>, 2> closes{};  // of clients and origins
};
// All that were ever used or closed, in the order of their texts.
std::vector<RouteView> routes(const Layout& layout);

}  // namespace wsflow::shm
