#pragma once

#include <optional>
#include <string_view>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/shm/tunnel_view.hpp"

namespace wsflow::httpd {

// Where lines of tunnel logs go that are no tunnel's own: in a child to its log writer, in the parent to the
// log itself, for which all lines of one outlet together wait a second at most.
class LineOutlet {
 public:
  LineOutlet() noexcept;
  ~LineOutlet();
  LineOutlet(const LineOutlet&) = delete;
  LineOutlet& operator=(const LineOutlet&) = delete;

  void write(const TunnelLog& log, std::string_view line) noexcept;

 private:
  bool write_now(const TunnelLog& log, std::string_view line) const noexcept;

  const base::Instant give_up_at_;
  const TunnelLog* log_ = nullptr;  // borrowed; the last that took none
  unsigned lost_ = 0;
};

// shm::reap_all(), and a line for each tunnel of a process that died, to the log of the virtual host of its
// name. A child or a keeper.
std::optional<unsigned> reap_and_log(const server_rec* main_server, shm::Layout& layout) noexcept;

// The line of a process of an older generation, to the log of the same target, or else, as information, to
// the error log of `server`.
void take_line(const server_rec* main_server, const server_rec* server, std::string_view target,
               std::string_view line, LineOutlet& outlet) noexcept;

}  // namespace wsflow::httpd
