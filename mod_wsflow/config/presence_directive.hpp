#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mod_wsflow/base/parsed.hpp"

namespace wsflow::config {

// WSFlowPresence: who is counted, and how.
struct PresenceDirective {
  bool off = false;        // nobody; the rest says nothing
  std::string key;         // an expression
  std::string name;        // of the list
  std::int64_t grace = 0;  // microseconds
  bool by_route = false;   // each route has a list of its own
};
base::Parsed<PresenceDirective> parse_presence(std::string_view arguments);

// WSFlowPresenceStore: the database, and how it is used.
struct PresenceStoreDirective {
  std::string driver;
  std::string parameters;   // as the driver takes them
  std::int64_t lease = 0;   // microseconds
  std::uint32_t queue = 0;  // closed intervals that may wait for the database
};
base::Parsed<PresenceStoreDirective> parse_presence_store(std::string_view arguments);

// WSFlowPresenceEvents: where changes are told.
struct PresenceEventsDirective {
  std::string target;        // a file or a "|program"; empty: a stream
  std::string stream;        // key of a Redis stream
  std::uint32_t maxlen = 0;  // entries that it keeps, about
};
base::Parsed<PresenceEventsDirective> parse_presence_events(std::string_view arguments);

inline constexpr std::size_t kLongestNode = 64;
// The name of a node: letters, digits, "-", "_", "." and ":", 64 at most.
bool is_node_name(std::string_view name) noexcept;

}  // namespace wsflow::config
