#pragma once

#include "mod_wsflow/base/text.hpp"
#include "mod_wsflow/tunnel/tunnel.hpp"

namespace wsflow::tunnel {

// The log line of a tunnel that ended at `now`. It holds nothing that a peer has said.
base::Text<400> end_line(const Tunnel& tunnel, base::Instant now) noexcept;

}  // namespace wsflow::tunnel
