#pragma once

#include <cstdint>
#include <type_traits>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// One WSFlowPresence. All of this lives in pconf; the parent writes it while it reads the configuration.
struct PresenceRule {
  const char* name;  // of the list
  const char* key_text;
  const ap_expr_info_t* key;
  std::int64_t grace;  // microseconds
  bool by_route;
  const char* where;  // file:line
};

// The WSFlowPresence of a place.
struct PresenceRules {
  bool off = false;                     // those of outer places do not count
  apr_array_header_t* rules = nullptr;  // of PresenceRule
};

// WSFlowPresenceStore.
struct PresenceStoreConfig {
  const char* driver;
  const char* parameters;
  std::int64_t lease;  // microseconds
  std::uint32_t queue;
};

// WSFlowPresenceEvents: where joins and leaves are told.
struct PresenceEventsConfig {
  const char* target;    // a file or a "|program"; nullptr: a stream
  int fd;                // of the target, opened by the parent; the pool closes it
  const char* stream;    // of the Redis of WSFlowCluster
  std::uint32_t maxlen;  // entries that the stream keeps, about
  const char* where;     // file:line
};
static_assert(std::is_trivially_destructible_v<PresenceRule> &&
              std::is_trivially_destructible_v<PresenceRules> &&
              std::is_trivially_destructible_v<PresenceStoreConfig>);

}  // namespace wsflow::httpd
