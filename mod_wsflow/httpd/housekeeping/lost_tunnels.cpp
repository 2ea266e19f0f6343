#include "mod_wsflow/httpd/housekeeping/lost_tunnels.hpp"

#include <algorithm>
#include <string>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/config/tunnel_log.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/presence/presence.hpp"
#include "mod_wsflow/httpd/process/line_outlet.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/os/output.hpp"
#include "mod_wsflow/shm/reaper.hpp"

namespace wsflow::httpd {

namespace {

// The tunnel log of the virtual host `name`, which a row may have cut; else that of the main server;
// nullptr: none.
const TunnelLog* log_of(const server_rec* main_server, const std::string& name) noexcept {
  for (const auto* server = main_server->next; server != nullptr; server = server->next) {
    const std::string_view own(server_name(server));
    if (own.starts_with(name) && tunnel_log_of(server) != nullptr) return tunnel_log_of(server);
  }
  return tunnel_log_of(main_server);
}

class RowSource final : public status::LogSource {
 public:
  explicit RowSource(const shm::TunnelView& row) noexcept : row_(row) {}

  std::optional<std::string> value(config::HandshakeField field, std::string_view) const override {
    using enum config::HandshakeField;
    const auto text = [](const std::string& value) {
      return value.empty() ? std::nullopt : std::optional(value);
    };
    if (field == client || field == host) return text(row_.client);
    if (field == server || field == server_asked) return text(row_.server);
    if (field == route) return text(row_.route);
    if (field == origin) return text(row_.origin);
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

void log_lost_tunnels(const server_rec* main_server, LogWriter* writer,
                      const shm::LostTunnels& lost) noexcept {
  if (lost.empty()) return;
  guard_void(main_server, [&] {
    LineOutlet outlet(writer);
    const auto now = apr_time_now();
    for (const auto& row : lost) {
      if (const auto* log = log_of(main_server, row.server)) outlet.write(*log, line_of(*log, row, now));
    }
  });
}

}  // namespace

std::optional<unsigned> reap_and_log(const server_rec* main_server, const Process* process,
                                     shm::Layout& layout) noexcept {
  shm::Lost lost;
  const auto reaped = shm::reap_all(layout, &lost);
  log_lost_tunnels(main_server, process != nullptr ? process->log_writer.get() : nullptr, lost.tunnels);
  if (process != nullptr && process->presence != nullptr) {
    for (const auto number : lost.presences) process->presence->writer().report_dead(number, apr_time_now());
  }
  return reaped;
}

}  // namespace wsflow::httpd
