#include "mod_wsflow/httpd/config/server_config.hpp"

#include <new>

#include "mod_wsflow/httpd/config/limit_directives.hpp"

namespace wsflow::httpd {

namespace {
template <class T>
T* make(apr_pool_t* pool, const T& value) noexcept {
  return ::new (apr_palloc(pool, sizeof(T))) T(value);
}
}  // namespace

void* create_server_config(apr_pool_t* pool, server_rec*) noexcept {
  // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
  auto* routes = apr_array_make(pool, 4, sizeof(const Route*));
  return make(pool, ServerConfig{.routes = routes,
                                 .routes_by_alias = nullptr,
                                 .threads = 0,
                                 .max_tunnels = 0,
                                 .max_buffered = kDefaultMaxBuffered,
                                 .drain = {},
                                 .limits = nullptr,
                                 .limit_sections = nullptr,
                                 .tunnel_sections = nullptr,
                                 .origin_load = nullptr,
                                 .adopted = nullptr,
                                 .log = nullptr,
                                 .field_expressions = nullptr,
                                 .status_paths = nullptr,
                                 .judges_fields = false,
                                 .served = false,
                                 .cold_start = false});
}

void* merge_server_config(apr_pool_t* pool, void* base, void* add) noexcept {
  const auto& lower = *static_cast<ServerConfig*>(base);
  const auto& upper = *static_cast<ServerConfig*>(add);
  return make(pool, ServerConfig{.routes = apr_array_append(pool, upper.routes, lower.routes),
                                 .routes_by_alias = nullptr,
                                 .threads = lower.threads,
                                 .max_tunnels = lower.max_tunnels,
                                 .max_buffered = lower.max_buffered,
                                 .drain = lower.drain,
                                 .limits = nullptr,
                                 .limit_sections = nullptr,
                                 .tunnel_sections = nullptr,
                                 .origin_load = nullptr,
                                 .adopted = nullptr,
                                 .log = upper.log != nullptr ? upper.log : lower.log,
                                 .field_expressions = nullptr,
                                 .status_paths = nullptr,
                                 .judges_fields = false,
                                 .served = false,
                                 .cold_start = false});
}

void* create_dir_config(apr_pool_t* pool, char*) noexcept {
  return make(pool, DirConfig{.enabled = -1, .tunnels = {}, .limits = nullptr, .handshakes = {}});
}

void* merge_dir_config(apr_pool_t* pool, void* base, void* add) noexcept {
  const auto& lower = *static_cast<DirConfig*>(base);
  const auto& upper = *static_cast<DirConfig*>(add);
  return make(pool, DirConfig{.enabled = upper.enabled >= 0 ? upper.enabled : lower.enabled,
                              .tunnels = overlay(upper.tunnels, lower.tunnels),
                              .limits = merge_limits(pool, lower.limits, upper.limits),
                              .handshakes = overlay(upper.handshakes, lower.handshakes),
                              .show_user = upper.show_user >= 0 ? upper.show_user : lower.show_user});
}

}  // namespace wsflow::httpd
