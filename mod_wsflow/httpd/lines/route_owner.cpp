#include "mod_wsflow/httpd/lines/route_owner.hpp"

#include <cstring>
#include <string_view>

#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/lines/sections.hpp"

namespace wsflow::httpd {

namespace {

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

std::vector<const DirConfig*> configs_of(const server_rec* server, const RouteLine& route) {
  std::vector<const DirConfig*> configs;
  const auto add = [&configs](const ap_conf_vector_t* section) {
    const auto* config = static_cast<const DirConfig*>(ap_get_module_config(section, &wsflow_module));
    if (config != nullptr) configs.push_back(config);
  };
  add(server->lookup_defaults);
  const auto* proxy =
      static_cast<const proxy_server_conf*>(ap_get_module_config(server->module_config, &proxy_module));
  for (const auto* section : elements<const ap_conf_vector_t* const>(proxy->sec_proxy)) {
    if (is_proxy_of(section, route)) add(section);
  }
  for (const auto* section : location_sections(server)) {
    if (is_location_of(section, route)) add(section);
  }
  return configs;
}

std::optional<bool> wsflow_at(const server_rec* server, const RouteLine& route) {
  std::optional<bool> value;
  for (const auto* config : configs_of(server, route)) {
    if (config->enabled) value = config->enabled;
  }
  return value;
}

bool has_tunnels(const server_rec* server, const RouteLine& route) {
  return !is_exclusion(route) && (route.ours || wsflow_at(server, route).value_or(false));
}

}  // namespace wsflow::httpd
