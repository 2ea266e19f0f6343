#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mod_wsflow/base/parsed.hpp"

namespace wsflow::config {

// What WSFlowCluster says. Times in microseconds.
struct ClusterSettings {
  std::string url;  // may have a password in it: no message repeats it
  std::int64_t lease = 10'000'000;
  std::int64_t timeout = 1'000'000;
};
base::Parsed<ClusterSettings> parse_cluster(std::string_view arguments);

}  // namespace wsflow::config
