#pragma once

#include <cstddef>
#include <unordered_set>

#include "mod_wsflow/base/mutex.hpp"
#include "mod_wsflow/tunnel/options.hpp"

namespace wsflow::tunnel {

// Covers the fields in which configurations with thousands of routes or virtual hosts differ.
struct OptionsHash {
  std::size_t operator()(const Options& options) const noexcept;
};

// Interns the options of all tunnels of a process. The configuration bounds their number. Tunnels point into
// the table and live on in a keeper when the configuration is gone. Every thread.
class OptionsTable {
 public:
  // The result lives as long as the table.
  const Options& intern(const Options& options);

 private:
  base::Mutex mutex_;
  std::unordered_set<Options, OptionsHash> known_ WSFLOW_GUARDED_BY(mutex_);  // elements never move
};

}  // namespace wsflow::tunnel
