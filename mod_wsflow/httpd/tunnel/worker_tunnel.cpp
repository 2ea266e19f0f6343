#include <cerrno>
#include <optional>

#include "mod_wsflow/httpd/limits/hold.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/mpm_query.hpp"
#include "mod_wsflow/httpd/presence/presence_listener.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/origin_session.hpp"
#include "mod_wsflow/httpd/tunnel/handover.hpp"
#include "mod_wsflow/httpd/tunnel/switch_protocols.hpp"
#include "mod_wsflow/httpd/tunnel/tunnel_log_record.hpp"
#include "mod_wsflow/httpd/tunnel/tunnel_row.hpp"
#include "mod_wsflow/httpd/tunnel/worker_loop.hpp"
#include "mod_wsflow/os/socket.hpp"
#include "mod_wsflow/os/stop_signals.hpp"
#include "mod_wsflow/tunnel/end_line.hpp"

namespace wsflow::httpd {

namespace {

// Lets the kernel give up a peer that has vanished, which would else hold the worker until silence ends the
// tunnel. WorkerLoop finds a peer that takes nothing a little earlier.
void bound_peer(apr_socket_t* socket, const config::TunnelSettings& settings) noexcept {
  constexpr std::uint32_t kLater = 3000;
  apr_os_sock_t fd = -1;
  if (settings.stall != 0 && socket != nullptr && apr_os_sock_get(&fd, socket) == APR_SUCCESS)
    os::set_peer_timeout(fd, static_cast<std::uint32_t>(settings.stall / 1000) + kLater);
}

const tunnel::Options& options_of(Process& process, const server_rec* server,
                                  const config::TunnelSettings& settings,
                                  const tunnel::Tunnel::Parts& parts) {
  auto made = make_options(settings, server);
  made.lenders = tunnel::Tunnel::lenders_of(parts);
  made.stall = 0;  // of the bytes behind its socket pair the tunnel knows nothing: its WorkerLoop does
  return process.options.intern(made);
}

void on_sigterm() noexcept {
  child()->workers.set_run_state(WorkerShare::RunState::stop);
}
bool sigterm_came() noexcept {
  return child()->workers.run_state() == WorkerShare::RunState::stop;
}
// A process of prefork ends within its handler of SIGTERM, whatever that interrupts. So the signal first
// tells its one tunnel to stop, and is repeated behind that tunnel.
using StopBehindTunnel = os::DeferSigterm<on_sigterm, sigterm_came>;

}  // namespace

Failure run_on_worker(Process& process, request_rec* r, Origin& origin, Handover handover) {
  auto* c = r->connection;

  std::optional<StopBehindTunnel> stop_behind;
  if (!mpm_has_threads()) stop_behind.emplace();
  tunnel::Tunnel::Parts parts;
  Pump client_pump(c);
  keep_session(origin.connection());
  Pump origin_pump(origin.connection());
  parts.client_fd = client_pump.open();
  parts.origin_fd = origin_pump.open();
  if (!parts.client_fd || !parts.origin_fd) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, errno, r,
                  WSFLOGNO(0060) "no descriptors for a tunnel that holds its worker");
    return {.status = HTTP_SERVICE_UNAVAILABLE, .reason = base::HandshakeRefusal::internal};
  }
  client_pump.hold();
  if (!switch_protocols(r, origin)) return {.status = DONE, .reason = base::HandshakeRefusal::client_gone};
  bound_peer(ap_get_conn_socket(c->master != nullptr ? c->master : c), handover.settings);
  bound_peer(origin.backend()->sock, handover.settings);

  parts.admission = std::move(handover.admission);
  parts.row = open_row(process, r, origin, handover.id, true);  // first: it reads the permit of the hold
  parts.permit = take_permit(r);
  parts.options = &options_of(process, r->server, handover.settings, parts);
  parts.lives_until = handover.lives_until;
  parts.session_until = handover.session_until;
  parts.extensions = has_extensions(origin.head());
  parts.id = handover.id;
  parts.listeners.add(make_tunnel_log_record(process, r, origin, "worker"));
  add_presence(process, r, parts.listeners);
  const auto made = tunnel::Tunnel::make(std::move(parts), base::now());
  auto& tunnel = *made;
  const auto early = origin.behind_head();
  tunnel.preload(tunnel::Side::origin, {reinterpret_cast<const std::uint8_t*>(early.data()), early.size()},
                 process.recorder);
  {
    WorkerLoop loop(tunnel, client_pump, origin_pump, base::Millis(handover.settings.stall / 1000), process);
    loop.run();
  }
  if (client_pump.lost()) c->aborted = 1;
  // httpd only ends the connection for this request from now on.
  r->input_filters = r->proto_input_filters = c->input_filters;
  r->output_filters = r->proto_output_filters = c->output_filters;
  if (process.log.enabled(base::LogLevel::debug, r->server))
    process.log.write(base::LogLevel::debug, 61, 0, tunnel::end_line(tunnel, base::now()).view(), r->server);
  return {};
}

}  // namespace wsflow::httpd
