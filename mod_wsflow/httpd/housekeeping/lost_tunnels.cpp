#include "mod_wsflow/httpd/housekeeping/lost_tunnels.hpp"

#include <algorithm>
#include <string>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/config/tunnel_log.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/os/output.hpp"
#include "mod_wsflow/shm/reaper.hpp"

namespace wsflow::httpd {

namespace {

// The parent has other things to do.
constexpr base::Millis kPatience{1000};

// Rows keep names as far as there is room.
const TunnelLog* log_of(const server_rec* main_server, const std::string& name) noexcept {
  for (const auto* server = main_server->next; server != nullptr; server = server->next) {
    const std::string_view own(server->server_hostname != nullptr ? server->server_hostname : "");
    if (own.starts_with(name) && tunnel_log_of(server) != nullptr) return tunnel_log_of(server);
  }
  return tunnel_log_of(main_server);
}

class RowSource final : public status::LogSource {
 public:
  explicit RowSource(const shm::TunnelView& row) noexcept : row_(row) {}

  std::optional<std::string> value(const config::LogItem& item) const override {
    const auto text = [](const std::string& value) {
      return value.empty() ? std::nullopt : std::optional(value);
    };
    if (item.field == config::LogField::client || item.field == config::LogField::host)
      return text(row_.client);
    if (item.field == config::LogField::server || item.field == config::LogField::server_asked)
      return text(row_.server);
    if (item.field == config::LogField::route) return text(row_.route);
    if (item.field == config::LogField::origin) return text(row_.origin);
    return std::nullopt;
  }

 private:
  const shm::TunnelView& row_;
};

std::string line_of(const TunnelLog& log, const shm::TunnelView& row, std::int64_t now) {
  const bool on_worker = (row.traits & shm::trait::kOnWorker) != 0;
  status::LogFacts facts{.event = "end",
                         .id = row.id,
                         .started_us = row.started_us,
                         .now_us = now,
                         .duration_us = base::now_us() - row.began_us,
                         .bytes = row.bytes,
                         .messages = row.messages,
                         .rtt_ms = row.rtt_ms,
                         .ended_by = "server",
                         .outcome = base::name(base::Outcome::process_lost),
                         .mode = on_worker ? "worker" : "engine",
                         .generation = row.generation};
  if (row.pid != 0) facts.pid = row.pid;
  return status::make_log_line(log.shape, status::prepare_values(log.shape, RowSource(row)), facts);
}

void log_lost_tunnels(const server_rec* main_server, const shm::LostTunnels& lost) noexcept {
  if (lost.empty()) return;
  guard_void(main_server, [&] {
    LineOutlet outlet;
    const auto now = apr_time_now();
    for (const auto& row : lost) {
      if (const auto* log = log_of(main_server, row.server)) outlet.write(*log, line_of(*log, row, now));
    }
  });
}

}  // namespace

LineOutlet::LineOutlet() noexcept : give_up_at_(base::now() + kPatience) {}

LineOutlet::~LineOutlet() {
  if (lost_ == 0) return;
  ap_log_error(APLOG_MARK, APLOG_WARNING, 0, log_->server,
               WSFLOGNO(0189) "the tunnel log %s takes nothing: %u lines of other processes are lost",
               log_->target, lost_);
}

void LineOutlet::write(const TunnelLog& log, std::string_view line) noexcept {
  if (auto* process = child(); process != nullptr && process->log_writer) {
    process->log_writer->append(log, line);
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

std::optional<unsigned> reap_and_log(const server_rec* main_server, shm::Layout& layout) noexcept {
  shm::LostTunnels lost;
  const auto folded = shm::reap_all(layout, &lost);
  log_lost_tunnels(main_server, lost);
  return folded;
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
