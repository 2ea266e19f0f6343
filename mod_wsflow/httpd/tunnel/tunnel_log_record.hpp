#pragma once

#include <memory>
#include <string>

#include "mod_wsflow/httpd/config/tunnel_log.hpp"
#include "mod_wsflow/httpd/origin/origin.hpp"
#include "mod_wsflow/tunnel/listener.hpp"

namespace wsflow::httpd {

struct Process;

// The values of the handshake for the log lines of a tunnel; exists only with WSFlowLog. The worker makes it
// when the client has its 101; then the thread that has the tunnel uses it.
class TunnelLogRecord {
 public:
  TunnelLogRecord(Process& process, const TunnelLog& log, const status::LogSource& source);

  const TunnelLog& log() const noexcept { return log_; }
  // The start of the tunnel by the wall clock, in microseconds since 1970.
  std::int64_t started() const noexcept { return started_; }
  // Passes a line to the log writer. The only time that `facts` needs is `duration_us`.
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
