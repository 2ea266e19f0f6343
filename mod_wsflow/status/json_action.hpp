#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace wsflow::status {

// What an action has done with tunnels.
struct TunnelsEnded {
  std::uint64_t matched = 0;      // that it means
  std::uint64_t told = 0;         // to end, by now
  int pace = 0;                   // so many a second are told from now on; 0: none is left
  std::optional<bool> drained{};  // whether the route takes no new tunnels
};

// {"ok": true, "matched": ...}
std::string to_json(const TunnelsEnded& done);

}  // namespace wsflow::status
