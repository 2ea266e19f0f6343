#pragma once

#include <algorithm>

#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"

namespace wsflow::httpd {

// The <Location> sections of a server, in the order in which httpd merges them. Parent, at the checks.
inline std::span<const ap_conf_vector_t* const> location_sections(const server_rec* server) noexcept {
  const auto* core = static_cast<const core_server_config*>(ap_get_core_module_config(server->module_config));
  return elements<const ap_conf_vector_t* const>(core->sec_url);
}

// True if the section itself says WSFlow On.
inline bool takes_upgrades(const ap_conf_vector_t* section) noexcept {
  const auto* config = static_cast<const DirConfig*>(ap_get_module_config(section, &wsflow_module));
  return config != nullptr && config->enabled.value_or(false);
}

// True if WSFlow On stands somewhere in the server.
inline bool takes_upgrades_somewhere(const server_rec* server) noexcept {
  if (takes_upgrades(server->lookup_defaults)) return true;
  const auto sections = location_sections(server);
  return std::any_of(sections.begin(), sections.end(), [](const auto* each) { return takes_upgrades(each); });
}

}  // namespace wsflow::httpd
