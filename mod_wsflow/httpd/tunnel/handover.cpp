#include "mod_wsflow/httpd/tunnel/handover.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>

#include "mod_wsflow/httpd/housekeeping/origin_load.hpp"
#include "mod_wsflow/httpd/limits/hold.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/presence/presence_listener.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/connection_state.hpp"
#include "mod_wsflow/httpd/request/held_input.hpp"
#include "mod_wsflow/httpd/request/origin_session.hpp"
#include "mod_wsflow/httpd/tunnel/switch_protocols.hpp"
#include "mod_wsflow/httpd/tunnel/tunnel_log_record.hpp"
#include "mod_wsflow/httpd/tunnel/tunnel_row.hpp"
#include "mod_wsflow/os/socket.hpp"
#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::httpd {

namespace {

using base::HandshakeRefusal;

std::span<const std::uint8_t> bytes_of(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// A second descriptor of the socket. APR knows whether the socket is non-blocking, as it has made it so.
base::UniqueFd duplicate(apr_socket_t* socket) noexcept {
  apr_os_sock_t fd = -1;
  if (apr_os_sock_get(&fd, socket) != APR_SUCCESS) return {};
  auto copy = os::duplicate(fd);
  apr_int32_t non_blocking = 0;
  apr_socket_opt_get(socket, APR_SO_NONBLOCK, &non_blocking);
  if (copy && non_blocking == 0 && !os::set_non_blocking(copy.get())) copy.reset();
  return copy;
}

// Takes a reference to the SSL object of a connection, and makes mod_ssl end that object without a word to
// the peer. Empty: plain.
os::SslRef take_tls(const ConnectionState& state) noexcept {
  if (state.ssl == nullptr) return {};
  SSL_up_ref(state.ssl);
  SSL_set_quiet_shutdown(state.ssl, 1);
  return os::SslRef(state.ssl);
}

bool close_notify_was_read(const ConnectionState& state) noexcept {
  return state.ssl != nullptr && (SSL_get_shutdown(state.ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}

// Makes httpd write nothing more for `r`, and end its connection after it.
void cut_off(request_rec* r) noexcept {
  auto* c = r->connection;
  r->input_filters = r->proto_input_filters = c->input_filters;
  r->output_filters = r->proto_output_filters = c->output_filters;
  r->eos_sent = 1;
  c->keepalive = AP_CONN_CLOSE;
}

}  // namespace

bool has_extensions(const ws::ResponseHead& head) noexcept {
  return std::any_of(head.fields.begin(), head.fields.end(), [](const ws::HeadField& field) {
    return !field.value.empty() && ws::equals_ignoring_case(field.name, "Sec-WebSocket-Extensions");
  });
}

Failure hand_over(Process& process, request_rec* r, Origin& origin, Handover handover) {
  auto* c = r->connection;
  auto& client_state = *state_of(c);
  auto& recorder = process.recorder;

  // First httpd gives up what it has read of both sides; the rest waits in the sockets. The client's bytes
  // come before the 101: bytes that a client sends after it has seen the 101 are never in httpd's hands.
  std::string origin_early(origin.behind_head());
  origin_early += drain_input(origin.connection());
  ap_remove_input_filter_byhandle(c->input_filters, "reqtimeout");
  const std::string client_early = drain_input(c);

  tunnel::Tunnel::Parts parts;
  parts.client_fd = duplicate(ap_get_conn_socket(c));
  parts.origin_fd = duplicate(origin.backend()->sock);
  if (!parts.client_fd || !parts.origin_fd) {
    ap_log_rerror(APLOG_MARK, APLOG_ERR, errno, r, WSFLOGNO(0050) "no descriptors for a tunnel");
    c->keepalive = AP_CONN_CLOSE;  // its input is drained
    return {.status = HTTP_SERVICE_UNAVAILABLE, .reason = HandshakeRefusal::internal};
  }
  if (!switch_protocols(r, origin)) return {.status = DONE, .reason = HandshakeRefusal::client_gone};

  // The origin's side: mod_proxy's connection is closed at once.
  auto& origin_state = *state_of(origin.connection());
  const bool origin_ended = close_notify_was_read(origin_state);
  keep_session(origin.connection());
  parts.origin_ssl = take_tls(origin_state);
  parts.origin_lease = enter_origin(process, origin.worker());
  parts.listeners.add(make_tunnel_log_record(process, r, origin, "engine"));
  add_presence(process, r, parts.listeners);
  parts.row = open_row(process, r, origin, handover.id, false);
  // From here on `parts` alone has the origin: the duplicate descriptor, our reference to the SSL object,
  // the load lease and the row. release() closes mod_proxy's descriptor and drops mod_ssl's reference. The
  // request still owns the permit, and httpd the client.
  origin.connection()->aborted = parts.origin_ssl ? 0 : 1;
  origin.release();
  if (parts.origin_ssl) os::adopt(parts.origin_ssl.get(), origin_ended);

  // The client's side: httpd's connection ends after this request.
  client_state.received_shutdown = close_notify_was_read(client_state);
  parts.client_ssl = take_tls(client_state);
  client_state.handed_ssl = parts.client_ssl.get();
  // httpd's listeners have it, and an accepted socket inherits it: APR knows, and asks the kernel for
  // nothing.
  apr_socket_opt_set(ap_get_conn_socket(c), APR_TCP_NODELAY, 1);
  os::set_buffers(parts.client_fd.get(), static_cast<int>(handover.settings.receive_buffer),
                  static_cast<int>(handover.settings.send_buffer));
  auto options = make_options(handover.settings, r->server);

  // From here on `parts`, and then the tunnel made of it, owns the admission and the permit too; the hold of
  // the request is empty. Of the client it owns the duplicate descriptor and a reference to the SSL object;
  // httpd and mod_ssl still have theirs.
  parts.admission = std::move(handover.admission);
  parts.permit = take_permit(r);
  options.lenders = tunnel::Tunnel::lenders_of(parts);
  parts.options = &process.options.intern(options);
  parts.lives_until = handover.lives_until;
  parts.session_until = handover.session_until;
  parts.extensions = has_extensions(origin.head());
  parts.id = handover.id;
  auto tunnel = tunnel::Tunnel::make(process.engine->slots(), std::move(parts), base::now());
  tunnel->preload(tunnel::Side::client, bytes_of(client_early), recorder);
  tunnel->preload(tunnel::Side::origin, bytes_of(origin_early), recorder);

  // From here on httpd only ends what it still has of the client: the first descriptor, which leave_client()
  // keeps from a shutdown, and mod_ssl's reference. The connection's state owns the tunnel, and so both
  // duplicate descriptors, our references to both SSL objects, the permit and the row, until the last
  // cleanup of the connection gives the tunnel to an event loop (connection_state.cpp).
  cut_off(r);
  client_state.handed_over = tunnel.release();
  return {};
}

}  // namespace wsflow::httpd
