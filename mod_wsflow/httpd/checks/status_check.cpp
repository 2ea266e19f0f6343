#include "mod_wsflow/httpd/checks/status_check.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/lines/config_tree.hpp"
#include "mod_wsflow/httpd/lines/rewrite_lines.hpp"
#include "mod_wsflow/httpd/lines/sections.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/httpd/process/process.hpp"

namespace wsflow::httpd {

namespace {

using Section = const ap_conf_vector_t*;

constexpr const char* kHandler = "wsflow-status";

const core_dir_config& core_of(Section section) noexcept {
  return *static_cast<const core_dir_config*>(
      ap_get_core_module_config(const_cast<ap_conf_vector_t*>(section)));
}

// The path of the plain <Location> around a SetHandler wsflow-status; nullptr: another line, or the path is
// unknown.
const char* path_of(apr_pool_t* pool, const Line& line) noexcept {
  if (!is_line(line, "SetHandler") || line.parent == nullptr || !is_line(*line.parent, "<Location"))
    return nullptr;
  const char* handler = line.args;
  if (ap_cstr_casecmp(ap_getword_conf(pool, &handler), kHandler) != 0) return nullptr;
  const char* rest = line.parent->args;
  char* path = ap_getword_conf(pool, &rest);
  if (auto* end = std::strchr(path, '>')) *end = '\0';
  return *path == '/' && apr_fnmatch_test(path) == 0 ? path : nullptr;
}

bool shows_status(request_rec* r) noexcept {
  const auto* handler = core_of(r->per_dir_config).expr_handler;
  const char* error = nullptr;
  const char* name = handler != nullptr ? ap_expr_str_exec(r, handler, &error) : nullptr;
  return error == nullptr && name != nullptr && ap_cstr_casecmp(name, kHandler) == 0;
}

bool is_below(std::string_view path, std::string_view above) noexcept {
  return path.starts_with(above) &&
         (path.size() == above.size() || above.ends_with('/') || path[above.size()] == '/');
}

bool covers(const core_dir_config& section, const char* path) noexcept {
  if (section.r != nullptr) return ap_regexec(section.r, path, 0, nullptr, 0) == 0;
  if (section.d == nullptr) return false;
  if (section.d_is_fnmatch != 0) return apr_fnmatch(section.d, path, APR_FNM_PATHNAME) == APR_SUCCESS;
  return is_below(path, section.d);
}

bool covers(const proxy_alias& route, const char* path) noexcept {
  if (route.regex != nullptr) return ap_regexec(route.regex, path, 0, nullptr, 0) == 0;
  return is_below(path, route.fake);
}

// The route of the last section that covers the path and has a route; nullptr: none.
const proxy_alias* route_of_sections(const server_rec* server, const char* path) noexcept {
  const proxy_alias* found = nullptr;
  for (const auto* section : location_sections(server)) {
    const auto* proxy = static_cast<const proxy_dir_conf*>(ap_get_module_config(section, &proxy_module));
    if (proxy != nullptr && proxy->alias_set != 0 && covers(core_of(section), path)) found = proxy->alias;
  }
  return found;
}

// The route that takes the path in mod_proxy's order; nullptr: none, or the path is excluded.
const proxy_alias* first_route(const server_rec* server, const char* path, bool& of_section) noexcept {
  const auto* proxy =
      static_cast<const proxy_server_conf*>(ap_get_module_config(server->module_config, &proxy_module));
  const auto routes = elements<const proxy_alias>(proxy->aliases);
  const auto* own = route_of_sections(server, path);
  for (const unsigned phase : {unsigned{PROXYPASS_MAP_ENCODED}, 0U}) {
    const auto takes = [&](const proxy_alias& route) {
      return (route.flags & PROXYPASS_MAP_ENCODED) == phase && covers(route, path);
    };
    of_section = own != nullptr && takes(*own);
    const auto found = of_section ? routes.end() : std::ranges::find_if(routes, takes);
    const auto* first = of_section ? own : found != routes.end() ? &*found : nullptr;
    // An exclusion counts in its own phase alone.
    if (first != nullptr && std::string_view(first->real) != "!") return first;
  }
  return nullptr;
}

const char* name_of(const server_rec* server) noexcept {
  return server->server_hostname != nullptr ? server->server_hostname : "?";
}

// The port of ServerName, else of the first address; 0: any.
unsigned port_of(const server_rec* server) noexcept {
  if (server->port != 0 || server->addrs == nullptr) return server->port;
  return server->addrs->host_port;
}

void warn(const server_rec* main, const server_rec* server, const char* path, const char* hider,
          const char* cure) noexcept {
  ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main,
               WSFLOGNO(0271) "the status at %s cannot be reached in the virtual host %s:%u: %s takes it: %s",
               path, name_of(server), port_of(server), hider, cure);
}

// True if a line names "no-proxy": mod_proxy leaves a request with this variable alone.
bool may_be_left_alone() noexcept {
  return find_line(ap_conftree, [](const Line& line) {
           return line.args != nullptr && std::strstr(line.args, "no-proxy") != nullptr;
         }) != nullptr;
}

// Warns of the rule or route that takes the path, unless it is `told`: hosts inherit routes of the main
// server. Returns the rule or route of the last warning.
const void* check(const server_rec* main, const server_rec* server, const char* path,
                  const void* told) noexcept {
  auto* pool = main->process->pconf;
  if (const auto* rule = rewrite_to_origin(pool, server, path)) {
    warn(main, server, path, apr_psprintf(pool, "RewriteRule %s (%s)", rule->args, place_of(pool, *rule)),
         apr_psprintf(pool, "write \"RewriteRule ^%s - [END]\" ahead of it", path));
    return rule;
  }
  bool of_section = false;
  const auto* route = first_route(server, path, of_section);
  if (route == nullptr || route->real == told) return told;
  const char* section = apr_psprintf(pool, "<Location \"%s\">", path);
  const char* line =
      (route->flags & PROXYPASS_MAP_ENCODED) != 0 ? "WSFlowPass ! mapping=encoded" : "WSFlowPass !";
  warn(main, server, path, apr_psprintf(pool, "the route %s %s", route->fake, route->real),
       of_section
           ? apr_pstrcat(pool, "write behind that section ", section, " ", line, " </Location>", nullptr)
           : apr_pstrcat(pool, "write \"", line, "\" into ", section, nullptr));
  return route->real;
}

void note_path(const server_rec* main, const char* path) noexcept {
  auto*& paths = config_of(main).status_paths;
  // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
  if (paths == nullptr) paths = apr_array_make(main->process->pconf, 1, sizeof(const char*));
  APR_ARRAY_PUSH(paths, const char*) = path;
}

bool is_status_path(std::string_view path) noexcept {
  return std::ranges::any_of(elements<const char* const>(config_of(ap_server_conf).status_paths),
                             [path](const char* known) { return path == known; });
}

}  // namespace

void check_status_reach(server_rec* main) noexcept {
  const bool unsure = may_be_left_alone();
  const void* told = nullptr;
  for_each_line(ap_conftree, [&](const Line& line) {
    const char* path = path_of(main->process->pconf, line);
    if (path == nullptr) return;
    if (!is_status_path(path)) note_path(main, path);
    for (const auto* server = main; server != nullptr && !unsure; server = server->next) {
      const auto* host = host_of(line);
      if (host == nullptr || host->first_child == lines_of(server)) told = check(main, server, path, told);
    }
  });
}

int tell_hidden_status(request_rec* r) noexcept {
  if (r->proxyreq != PROXYREQ_REVERSE || r->main != nullptr || !is_status_path(r->uri) || !shows_status(r))
    return DECLINED;
  auto* process = child();
  if (process == nullptr || !process->hidden_status.first(base::Thing() << name_of(r->server)))
    return DECLINED;
  ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, WSFLOGNO(0272)
                "the status at %s cannot be reached in the virtual host %s: the request goes to an origin: write \"WSFlowPass !\" "
                "into its <Location>, or, against a RewriteRule with [P], \"RewriteRule ^%s - [END]\" ahead of it",
                r->uri, name_of(r->server), r->uri);
  return DECLINED;
}

}  // namespace wsflow::httpd
