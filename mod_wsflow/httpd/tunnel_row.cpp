#include "mod_wsflow/httpd/tunnel_row.hpp"

#include <bit>

#include "mod_wsflow/httpd/child.hpp"
#include "mod_wsflow/httpd/origin_load.hpp"
#include "mod_wsflow/httpd/request_state.hpp"

namespace wsflow::httpd {

namespace {

std::string_view text(const char* value) noexcept {
  return value != nullptr ? value : "";
}

shm::Address address(const apr_sockaddr_t* from) noexcept {
  if (from == nullptr) return {};
  if (from->family == APR_INET) {
    return shm::Address::v4(std::bit_cast<std::array<std::uint8_t, 4>>(from->sa.sin.sin_addr));
  }
  if (from->family == APR_INET6) return std::bit_cast<shm::Address>(from->sa.sin6.sin6_addr);
  return {};
}

}  // namespace

shm::RowPlace open_row(request_rec* r, const proxy_worker* origin, std::uint64_t id) noexcept {
  auto& process = *child();
  const auto* route = state_of(r).route;
  return process.rows.open({.id = id,
                            .generation = process.generation,
                            .started_us = apr_time_now(),
                            .client = address(r->useragent_addr),
                            .server = text(r->server->server_hostname),
                            .route = route != nullptr ? text(route->path) : "",
                            .origin = text(ap_proxy_worker_name(r->pool, const_cast<proxy_worker*>(origin))),
                            .resource = resource_of(origin)});
}

}  // namespace wsflow::httpd
