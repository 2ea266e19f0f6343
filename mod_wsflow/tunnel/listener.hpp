#pragma once

#include <cstdint>

#include "mod_wsflow/base/clock.hpp"

namespace wsflow::tunnel {

class Tunnel;

// What is worth telling of a tunnel.
enum class Event : std::uint8_t { start, alive, end };

// Where the story of one tunnel is written. Made by a worker, then used by the loop thread that owns the
// tunnel; never waits.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void tell(Event event, const Tunnel& tunnel, base::Instant now) noexcept = 0;

  std::uint32_t last_event = 0;  // stamp of the last call; kept by the tunnel
};

}  // namespace wsflow::tunnel
