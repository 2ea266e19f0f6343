#include "mod_wsflow/httpd/config/server_config.hpp"

#include <new>

#include "mod_wsflow/httpd/config/limit_directives.hpp"
#include "mod_wsflow/httpd/config/presence_directives.hpp"

namespace wsflow::httpd {

namespace {
template <class T>
T* make(apr_pool_t* pool, const T& value) noexcept {
  return ::new (apr_palloc(pool, sizeof(T))) T(value);
}
}  // namespace

void* create_server_config(apr_pool_t* pool, server_rec*) noexcept {
  // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
  return make(pool, ServerConfig{.routes = apr_array_make(pool, 4, sizeof(const Route*))});
}

// What has been noted of the main server alone stays there.
void* merge_server_config(apr_pool_t* pool, void* base, void* add) noexcept {
  const auto& outer = *static_cast<ServerConfig*>(base);
  const auto& inner = *static_cast<ServerConfig*>(add);
  return make(pool, ServerConfig{.settings = overlay(inner.settings, outer.settings),
                                 .routes = apr_array_append(pool, inner.routes, outer.routes)});
}

void* create_dir_config(apr_pool_t* pool, char*) noexcept {
  return make(pool, DirConfig{});
}

void* merge_dir_config(apr_pool_t* pool, void* base, void* add) noexcept {
  const auto& outer = *static_cast<DirConfig*>(base);
  const auto& inner = *static_cast<DirConfig*>(add);
  auto merged = overlay(inner, outer);
  merged.limits = merge_limits(pool, outer.limits, inner.limits);
  merged.presence = merge_presence(pool, outer.presence, inner.presence);
  return make(pool, merged);
}

}  // namespace wsflow::httpd
