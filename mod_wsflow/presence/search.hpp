#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/os/wakeup.hpp"

namespace wsflow::presence {

// A session that a search has found, as the store tells it.
struct FoundSession {
  std::string name, route, key;
  std::int64_t joined = 0;  // microseconds since 1970
  std::int64_t ended = 0;   // 0: it is open
  std::uint64_t sockets = 0;
  std::uint64_t most = 0;
  std::uint64_t bytes = 0;
};

// One search for the sessions of the keys that begin with a text. Who asks keeps it, and reads the result
// once it is over; the writer has it until then.
struct Search {
  explicit Search(std::string beginning) : text(std::move(beginning)) {}

  const std::string text;
  const base::Instant asked = base::now();
  std::vector<FoundSession> found;  // the newest first
  std::string error;                // empty: it was done
  std::atomic<bool> over = false;   // set behind what stands above
  os::Wakeup bell;                  // rings when it is over, or nobody should wait any more
};

}  // namespace wsflow::presence
