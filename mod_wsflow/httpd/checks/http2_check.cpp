#include "mod_wsflow/httpd/checks/http2_check.hpp"

#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/lines/config_tree.hpp"
#include "mod_wsflow/httpd/lines/sections.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/process/worker_share.hpp"

namespace wsflow::httpd {

namespace {

// The line that switches WebSockets over HTTP/2 on for a server; nullptr: they are off, the default.
// mod_http2 does not export this setting.
const Line* switched_on(const server_rec* server) noexcept {
  const auto* line = last_line(lines_of(server), "H2WebSockets");
  if (line == nullptr) line = last_line(ap_conftree, "H2WebSockets");
  if (line == nullptr) return nullptr;
  const char* value = line->args;
  return ap_cstr_casecmp(ap_getword_conf(server->process->pconf, &value), "on") == 0 ? line : nullptr;
}

bool has_tunnels(const server_rec* server) noexcept {
  return config_of(server).routes->nelts != 0 || takes_upgrades_somewhere(server);
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
                 line->filename, line->line_num, tunnel::kMostOfConnection, bounds.streams);
    return;
  }
}

}  // namespace wsflow::httpd
