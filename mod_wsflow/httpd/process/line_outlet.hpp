#pragma once

#include <string_view>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"

namespace wsflow::httpd {

class LogWriter;

// Writes lines of tunnel logs that other processes have sent. A child writes through its log writer. The
// parent writes to the log itself, where all lines of one outlet together wait a second at most.
class LineOutlet {
 public:
  // `writer`: borrowed; nullptr in the parent.
  explicit LineOutlet(LogWriter* writer) noexcept;
  ~LineOutlet();
  LineOutlet(const LineOutlet&) = delete;
  LineOutlet& operator=(const LineOutlet&) = delete;

  void write(const TunnelLog& log, std::string_view line) noexcept;

 private:
  bool write_now(const TunnelLog& log, std::string_view line) const noexcept;

  LogWriter* writer_;  // borrowed from the process; nullptr: none
  const base::Instant give_up_at_;
  const TunnelLog* log_ = nullptr;  // borrowed; the last log that took no line
  unsigned lost_ = 0;
};

// Writes a line from a process of an older generation to the log of the same target. Without such a log, the
// line goes to the error log of `server`, as information.
void take_line(const server_rec* main_server, const server_rec* server, std::string_view target,
               std::string_view line, LineOutlet& outlet) noexcept;

}  // namespace wsflow::httpd
