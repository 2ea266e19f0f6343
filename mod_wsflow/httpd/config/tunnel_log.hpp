#pragma once

#include <string_view>
#include <type_traits>
#include <vector>

#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/status/tunnel_log_line.hpp"

namespace wsflow::httpd {

// One WSFlowLog, in pconf. The parent writes it while it reads the configuration; then all threads read it. A
// keeper has that of the configuration it began with.
struct TunnelLog {
  bool pipe() const noexcept { return target[0] == '|'; }

  const char* target = nullptr;        // as configured; nullptr: none
  const server_rec* server = nullptr;  // borrowed; the one in which the directive stands
  status::LogShape shape{};
  bool at_start = false;    // a tunnel has a line at its start, too
  std::uint32_t every = 0;  // milliseconds between two lines of a tunnel that lives; 0: it has none
  int fd = -1;              // opened by the parent; the pool closes it
};
static_assert(std::is_trivially_destructible_v<TunnelLog>);

// WSFlowLog.
const char* set_tunnel_log(cmd_parms* cmd, void*, const char* arguments) noexcept;

// The log of a virtual host, its own or the main server's; nullptr: none.
const TunnelLog* tunnel_log_of(const server_rec* server) noexcept;
// A log of this configuration with this target, or nullptr.
const TunnelLog* find_tunnel_log(const server_rec* main_server, std::string_view target) noexcept;

// Whether this configuration has a log.
bool has_tunnel_logs(const server_rec* main_server) noexcept;
// Descriptors of files, and of pipes if they are wanted.
void add_tunnel_log_descriptors(std::vector<int>& to, const server_rec* main_server, bool pipes);

// Hook: opens the files and pipes of this configuration. Parent.
int open_tunnel_logs(apr_pool_t* pconf, apr_pool_t* plog, apr_pool_t* ptemp, server_rec* server) noexcept;

}  // namespace wsflow::httpd
