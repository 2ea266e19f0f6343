#pragma once

#include <cstdint>
#include <type_traits>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Where the nodes of a cluster share their limits. Lives in pconf.
struct ClusterConfig {
  const char* url;       // may have a password in it: never logged, never shown
  std::int64_t lease;    // microseconds
  std::int64_t timeout;  // microseconds
  const char* where;     // file:line
};
static_assert(std::is_trivially_destructible_v<ClusterConfig>);

// WSFlowCluster.
const char* set_cluster(cmd_parms* cmd, void*, const char* arguments) noexcept;

}  // namespace wsflow::httpd
