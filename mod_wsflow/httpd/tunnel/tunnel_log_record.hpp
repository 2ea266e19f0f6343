#pragma once

#include <memory>
#include <string>

#include "mod_wsflow/httpd/config/tunnel_log.hpp"
#include "mod_wsflow/httpd/origin/origin.hpp"
#include "mod_wsflow/tunnel/listener.hpp"

namespace wsflow::httpd {

struct Process;

// What a tunnel's lines need of its handshake; none without WSFlowLog. Made by the worker when the client has
// its 101, then used by whoever has the tunnel.
class TunnelLogRecord {
 public:
  TunnelLogRecord(Process& process, const TunnelLog& log, const status::LogSource& source);

  const TunnelLog& log() const noexcept { return log_; }
  // Wall-clock time, in microseconds of the epoch.
  std::int64_t started() const noexcept { return started_; }
  // Leaves a line with the log writer. `facts` needs no times but `duration_us`.
  void write(tunnel::Event event, status::LogFacts facts) const;

 private:
  Process& process_;      // borrowed; outlives every tunnel
  const TunnelLog& log_;  // borrowed from the configuration
  std::int64_t started_;
  std::string values_;
};

// The listener that writes the lines of a tunnel; nullptr without WSFlowLog. `mode`: a literal, "engine" or
// "worker".
std::unique_ptr<tunnel::Listener> make_tunnel_log_record(Process& process, request_rec* r, Origin& origin,
                                                         const char* mode);

}  // namespace wsflow::httpd
