#pragma once

#include <algorithm>
#include <deque>
#include <mutex>
#include <utility>

#include "mod_wsflow/tunnel/tunnel.hpp"

namespace wsflow::test {

// The same options at a place that lives as long as the process, as tunnels want them. Every thread.
inline const tunnel::Options& lasting(const tunnel::Options& options) {
  static std::mutex mutex;
  static std::deque<tunnel::Options> all;
  const std::lock_guard lock(mutex);
  const auto found = std::find(all.begin(), all.end(), options);
  return found != all.end() ? *found : all.emplace_back(options);
}

// Parts that hold leases, with options that name the lenders.
inline tunnel::Tunnel::Parts with_lenders(tunnel::Tunnel::Parts parts) {
  auto options = *parts.options;
  options.lenders = tunnel::Tunnel::lenders_of(parts);
  parts.options = &lasting(options);
  return parts;
}

}  // namespace wsflow::test
