#include "mod_wsflow/httpd/tunnel/tunnel_row.hpp"

#include <algorithm>

#include "mod_wsflow/base/clock.hpp"
#include "mod_wsflow/httpd/housekeeping/origin_load.hpp"
#include "mod_wsflow/httpd/limits/hold.hpp"
#include "mod_wsflow/httpd/process/process.hpp"
#include "mod_wsflow/httpd/request/client_address.hpp"
#include "mod_wsflow/httpd/request/connection_state.hpp"
#include "mod_wsflow/httpd/request/request_state.hpp"

namespace wsflow::httpd {

namespace {

std::string_view text(const char* value) noexcept {
  return value != nullptr ? value : "";
}

bool has_tls(const conn_rec* c) noexcept {
  const auto* state = state_of(c->master != nullptr ? c->master : c);
  return state != nullptr && state->ssl != nullptr;
}

std::uint16_t traits_of(const request_rec* r, const Origin& origin, bool on_worker) noexcept {
  unsigned traits = 0;
  if (has_tls(r->connection)) traits |= shm::trait::kClientTls;
  if (has_tls(origin.connection())) traits |= shm::trait::kOriginTls;
  if (on_worker) traits |= shm::trait::kOnWorker;
  return static_cast<std::uint16_t>(traits);
}

// The name of the user; empty if it may not be shown.
std::string_view user_of(const request_rec* r) noexcept {
  return config_of(r).show_user.value_or(false) ? text(r->user) : "";
}

}  // namespace

shm::RowLease open_row(Process& process, request_rec* r, const Origin& origin, std::uint64_t id,
                       bool on_worker) noexcept {
  const auto& state = state_of(r);
  const auto now = apr_time_now();
  const auto handshake_us = static_cast<std::uint64_t>(std::max<apr_time_t>(now - r->request_time, 0));
  process.recorder.upgraded(handshake_us);
  return process.rows.open({.id = id,
                            .started_us = now,
                            .began_us = base::now_us(),
                            .client = client_address(r),
                            .server = server_name(r->server),
                            .route = state.route != nullptr ? text(state.route->path) : "",
                            .origin = text(origin.name().text),
                            .origin_of_request = origin.name().of_request,
                            .resource = resource_of(process, origin.worker()),
                            .permit = state.hold != nullptr ? state.hold->permit : limits::PermitRef(),
                            .traits = traits_of(r, origin, on_worker),
                            .user = user_of(r),
                            .handshake_us = handshake_us});
}

}  // namespace wsflow::httpd
