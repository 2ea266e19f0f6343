#pragma once

#include <algorithm>
#include <deque>
#include <mutex>

#include "mod_wsflow/tunnel/options.hpp"

namespace wsflow::test {

// The same terms at a place that lives as long as the process, as tunnels want them. Every thread.
inline const tunnel::Terms& lasting(const tunnel::Terms& terms) {
  static std::mutex mutex;
  static std::deque<tunnel::Terms> all;
  const std::lock_guard lock(mutex);
  const auto found = std::find(all.begin(), all.end(), terms);
  return found != all.end() ? *found : all.emplace_back(terms);
}

}  // namespace wsflow::test
