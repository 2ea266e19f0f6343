#pragma once

#include <string_view>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"

namespace wsflow::httpd {

class LogWriter;

// Writes lines of tunnel logs that come from other processes: in a child through its log writer, in the
// parent to the log itself, for which all lines of one outlet together wait a second at most.
class LineOutlet {
 public:
  // `writer` is borrowed; nullptr: none, as in the parent.
  explicit LineOutlet(LogWriter* writer) noexcept;
  ~LineOutlet();
  LineOutlet(const LineOutlet&) = delete;
  LineOutlet& operator=(const LineOutlet&) = delete;

  void write(const TunnelLog& log, std::string_view line) noexcept;

 private:
  bool write_now(const TunnelLog& log, std::string_view line) const noexcept;

  LogWriter* writer_;  // borrowed from the process; nullptr: none
  const base::Instant give_up_at_;
  const TunnelLog* log_ = nullptr;  // borrowed; the last that took none
  unsigned lost_ = 0;
};

// The line of a process of an older generation, to the log of the same target, or else, as information, to
// the error log of `server`.
void take_line(const server_rec* main_server, const server_rec* server, std::string_view target,
               std::string_view line, LineOutlet& outlet) noexcept;

}  // namespace wsflow::httpd
