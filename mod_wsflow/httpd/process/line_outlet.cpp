#include "mod_wsflow/httpd/process/line_outlet.hpp"

#include <algorithm>
#include <string>

#include "mod_wsflow/httpd/config/tunnel_log.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/process/log_writer.hpp"
#include "mod_wsflow/os/output.hpp"

namespace wsflow::httpd {

namespace {

// The time for all lines of an outlet: the parent has other work.
constexpr base::Millis kPatience{1000};

}  // namespace

LineOutlet::LineOutlet(LogWriter* writer) noexcept : writer_(writer), give_up_at_(base::now() + kPatience) {}

LineOutlet::~LineOutlet() {
  if (lost_ == 0) return;
  ap_log_error(APLOG_MARK, APLOG_WARNING, 0, log_->server,
               WSFLOGNO(0189) "the tunnel log %s takes nothing: %u lines of other processes are lost",
               log_->target, lost_);
}

void LineOutlet::write(const TunnelLog& log, std::string_view line) noexcept {
  if (writer_ != nullptr) {
    writer_->append(log, line);
  } else if (!write_now(log, line)) {
    log_ = &log;
    ++lost_;
  }
}

bool LineOutlet::write_now(const TunnelLog& log, std::string_view line) const noexcept {
  if (log.fd < 0) return false;
  while (log.pipe() && !line.empty()) {
    if (!os::wait_writable(log.fd, std::max(base::Millis{0}, give_up_at_ - base::now()))) return false;
    const auto piece = line.substr(0, os::kWholePipeWrite);
    if (!os::write_all(log.fd, piece)) return false;
    line.remove_prefix(piece.size());
  }
  return os::write_all(log.fd, line);
}

void take_line(const server_rec* main_server, const server_rec* server, std::string_view target,
               std::string_view line, LineOutlet& outlet) noexcept {
  guard_void(main_server, [&] {
    if (const auto* log = find_tunnel_log(main_server, target)) {
      outlet.write(*log, std::string(line) + '\n');
      return;
    }
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, server,
                 WSFLOGNO(0190) "a line for the tunnel log %.*s, which is no more: %.*s",
                 static_cast<int>(target.size()), target.data(), static_cast<int>(line.size()), line.data());
  });
}

}  // namespace wsflow::httpd
