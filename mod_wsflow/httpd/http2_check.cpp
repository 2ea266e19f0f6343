#include "mod_wsflow/httpd/http2_check.hpp"

#include <cstring>

#include "mod_wsflow/httpd/config.hpp"
#include "mod_wsflow/httpd/limit_rule.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/worker_share.hpp"

namespace wsflow::httpd {

namespace {

bool equal(const char* one, const char* other) noexcept {
  return ap_cstr_casecmp(one, other) == 0;
}

// mod_http2 tells nobody of this setting, but httpd keeps what it has read: the last line on this level of
// the configuration that has it; nullptr if none has.
const ap_directive_t* websockets_line(const ap_directive_t* level) noexcept {
  const ap_directive_t* found = nullptr;
  for (; level != nullptr; level = level->next) {
    if (equal(level->directive, "H2WebSockets")) found = level;
  }
  return found;
}

const ap_directive_t* section_of(const server_rec* host) noexcept {
  for (const auto* line = ap_conftree; line != nullptr; line = line->next) {
    if (equal(line->directive, "<VirtualHost") && host->defn_name != nullptr &&
        static_cast<unsigned>(line->line_num) == host->defn_line_number &&
        std::strcmp(line->filename, host->defn_name) == 0)
      return line->first_child;
  }
  return nullptr;
}

// The line that switches them on for a server; nullptr if they are off, as they are by default.
const ap_directive_t* switched_on(const server_rec* server) noexcept {
  const auto* line = server->is_virtual != 0 ? websockets_line(section_of(server)) : nullptr;
  if (line == nullptr) line = websockets_line(ap_conftree);
  return line != nullptr && equal(line->args, "on") ? line : nullptr;
}

bool takes_upgrades(const ap_conf_vector_t* section) noexcept {
  const auto* config = static_cast<const DirConfig*>(ap_get_module_config(section, &wsflow_module));
  return config != nullptr && config->enabled == 1;
}

bool has_tunnels(const server_rec* server) noexcept {
  if (config_of(server).routes->nelts != 0 || takes_upgrades(server->lookup_defaults)) return true;
  const auto* core = static_cast<const core_server_config*>(ap_get_core_module_config(server->module_config));
  for (const auto* section : elements<const ap_conf_vector_t*>(core->sec_url)) {
    if (takes_upgrades(section)) return true;
  }
  return false;
}

bool speaks_http2(server_rec* server) noexcept {
  return ap_is_allowed_protocol(nullptr, nullptr, server, "h2") != 0 ||
         ap_is_allowed_protocol(nullptr, nullptr, server, "h2c") != 0;
}

}  // namespace

void check_http2(server_rec* main) noexcept {
  for (auto* server = main; server != nullptr; server = server->next) {
    const auto* line = switched_on(server);
    if (line == nullptr || !has_tunnels(server) || !speaks_http2(server)) continue;
    const auto bounds = worker_bounds(main);
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main, WSFLOGNO(0220)
                 "%s:%d: a WebSocket over HTTP/2 holds a worker thread, so %u of a connection and %u of a child are let in: write \"H2WebSockets off\"",
                 line->filename, line->line_num, bounds.of_connection, bounds.streams);
    return;
  }
}

}  // namespace wsflow::httpd
