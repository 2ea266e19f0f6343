#include "mod_wsflow/httpd/lines/route_owner.hpp"

#include <cstring>
#include <string_view>

#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/lines/sections.hpp"

namespace wsflow::httpd {

namespace {

std::optional<bool> given_in(const ap_conf_vector_t* section) noexcept {
  const auto* config = static_cast<const DirConfig*>(ap_get_module_config(section, &wsflow_module));
  return config != nullptr ? config->enabled : std::nullopt;
}

bool matches(const ap_regex_t* regex, const char* text) noexcept {
  return ap_regexec(regex, text, 0, nullptr, 0) == 0;
}

bool is_location_of(const ap_conf_vector_t* section, const RouteLine& route) noexcept {
  const auto* core = static_cast<const core_dir_config*>(ap_get_core_module_config(section));
  if (core == nullptr || core->d == nullptr) return false;
  if (core->r != nullptr) return route.pattern || matches(core->r, route.path);
  return may_meet(core->d, core->d_is_fnmatch != 0, route);
}

bool is_proxy_of(const ap_conf_vector_t* section, const RouteLine& route) noexcept {
  const auto* proxy = static_cast<const proxy_dir_conf*>(ap_get_module_config(section, &proxy_module));
  if (proxy == nullptr || proxy->p == nullptr) return false;
  if (proxy->r != nullptr) return matches(proxy->r, route.url);
  if (proxy->p_is_fnmatch != 0) return apr_fnmatch(proxy->p, route.url, 0) == APR_SUCCESS;
  return std::string_view(route.url).starts_with(proxy->p);
}

}  // namespace

bool may_meet(const char* section, bool pattern, const RouteLine& route) noexcept {
  if (pattern || route.pattern) return true;
  std::string_view shorter(section);
  std::string_view longer(route.path);
  if (shorter.size() > longer.size()) std::swap(shorter, longer);
  if (!longer.starts_with(shorter)) return false;
  return longer.size() == shorter.size() || shorter.ends_with('/') || longer[shorter.size()] == '/';
}

std::optional<bool> wsflow_at(const server_rec* server, const RouteLine& route) noexcept {
  auto value = given_in(server->lookup_defaults);
  const auto overlay = [&](std::span<const ap_conf_vector_t* const> sections, auto* counts) {
    for (const auto* section : sections) {
      const auto given = given_in(section);
      if (given && counts(section, route)) value = given;
    }
  };
  const auto* proxy =
      static_cast<const proxy_server_conf*>(ap_get_module_config(server->module_config, &proxy_module));
  overlay(elements<const ap_conf_vector_t* const>(proxy->sec_proxy), is_proxy_of);
  overlay(location_sections(server), is_location_of);
  return value;
}

bool has_tunnels(const server_rec* server, const RouteLine& route) noexcept {
  return !is_exclusion(route) && (route.ours || wsflow_at(server, route).value_or(false));
}

}  // namespace wsflow::httpd
