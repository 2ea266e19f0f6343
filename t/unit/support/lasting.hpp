#pragma once

#include <algorithm>
#include <deque>
#include <mutex>

#include "mod_wsflow/tunnel/options.hpp"

namespace wsflow::test {

// The same options at a place that lives as long as the process, as tunnels want them. Every thread.
inline const tunnel::Options& lasting(const tunnel::Options& options) {
  static std::mutex mutex;
  static std::deque<tunnel::Options> all;
  const std::lock_guard lock(mutex);
  const auto found = std::find(all.begin(), all.end(), options);
  return found != all.end() ? *found : all.emplace_back(options);
}

}  // namespace wsflow::test
