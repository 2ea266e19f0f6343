#pragma once

#include <optional>
#include <string_view>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/shm/tunnel_view.hpp"

namespace wsflow::httpd {

// Where lines of tunnel logs go that are no tunnel's own: in a child to its log writer, in the parent to the
// log itself, for which it waits a second at most.

// What processes have left that died: a line each, to the log of the virtual host of the tunnel's name.
void log_lost_tunnels(const server_rec* main_server, const shm::LostTunnels& lost) noexcept;

// shm::sweep(), with these lines.
std::optional<unsigned> sweep_and_log(const server_rec* main_server, shm::Layout& layout) noexcept;

// The line of a process of an older generation, to the log of the same target, or else, as information, to
// the error log of `server`.
void take_line(const server_rec* main_server, const server_rec* server, std::string_view target,
               std::string_view line) noexcept;

}  // namespace wsflow::httpd
