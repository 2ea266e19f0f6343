#pragma once

#include <cstddef>
#include <mutex>
#include <unordered_set>

#include "mod_wsflow/tunnel/options.hpp"

namespace wsflow::tunnel {

// Tells apart what configurations of thousands of routes or virtual hosts differ in.
struct OptionsHash {
  std::size_t operator()(const Options& options) const noexcept;
};

// The options of all tunnels of a process, each once; there are no more of them than the configuration tells
// apart. Tunnels point to them, and live on in a keeper when the configuration is gone. Every thread.
class OptionsTable {
 public:
  // Valid as long as the table.
  const Options& intern(const Options& options);

 private:
  std::mutex mutex_;
  std::unordered_set<Options, OptionsHash> known_;  // elements never move
};

}  // namespace wsflow::tunnel
