#include "mod_wsflow/httpd/lines/route_lines.hpp"

#include <algorithm>
#include <cstring>

#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/lines/rewrite_lines.hpp"
#include "mod_wsflow/ws/field_syntax.hpp"

namespace wsflow::httpd {

namespace {

using ws::equals_ignoring_case;

const proxy_server_conf& proxy_of(const server_rec* server) noexcept {
  return *static_cast<const proxy_server_conf*>(ap_get_module_config(server->module_config, &proxy_module));
}

bool starts_with(std::string_view text, std::string_view prefix) noexcept {
  return equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}

// Sets the route's path from its section, and notes whether it is a pattern.
void place_in(apr_pool_t* pool, const Line& section, RouteLine& route) {
  auto words = words_of(pool, section);
  const bool regex = words.size() > 1 && std::strcmp(words.front(), "~") == 0;
  route.section = &section;
  route.path = words.empty() ? "" : words.back();
  route.pattern = regex || is_line(section, "<LocationMatch") || apr_fnmatch_test(route.path) != 0;
}

void take_key(std::string_view word, RouteLine& route) noexcept {
  if (starts_with(word, "mapping=")) route.encoded = true;
  if (equals_ignoring_case(word, "interpolate") && std::strchr(route.path, '$') != nullptr)
    route.variable = true;
  if (starts_with(word, "upgrade=")) route.upgrades = !equals_ignoring_case(word.substr(8), "none");
}

// False: the line is no route. `first`: index of the word behind the path.
bool take_words(const std::vector<const char*>& words, std::size_t first, RouteLine& route) {
  if (words.size() <= first) return false;
  route.url = words[first];
  for (auto word = words.begin() + static_cast<std::ptrdiff_t>(first) + 1; word != words.end(); ++word) {
    take_key(*word, route);
  }
  return true;
}

// RewriteRule pattern http://… [P]
bool take_rewrite(const std::vector<const char*>& words, RouteLine& route) {
  if (words.size() != 3) return false;
  std::string_view flags(words[2]);
  if (flags.size() < 2 || flags.front() != '[' || flags.back() != ']') return false;
  flags = flags.substr(1, flags.size() - 2);
  bool proxies = false;
  while (!flags.empty()) {
    const auto flag = ws::take_element(flags);
    proxies = proxies || equals_ignoring_case(flag, "P") || equals_ignoring_case(flag, "proxy");
  }
  route.path = words[0];
  route.url = words[1];
  route.pattern = route.rewritten = route.variable = true;
  const auto url = network_url(route.url);
  return proxies && is_scheme(url.substr(0, std::min(url.find("://"), url.size())),
                              {"ws", "wss", "http", "https", "balancer"});
}

bool take_route(apr_pool_t* pool, const Line& line, const Line* section, RouteLine& route) {
  const bool match = is_line(line, "ProxyPassMatch");
  route.ours = is_line(line, "WSFlowPass");
  route.line = &line;
  auto words = words_of(pool, line);
  if (is_line(line, "RewriteRule")) return rewrites(route.server, section) && take_rewrite(words, route);
  if (!match && !route.ours && !is_line(line, "ProxyPass")) return false;
  if (section != nullptr) {
    place_in(pool, *section, route);
    return take_words(words, 0, route);
  }
  const bool regex = !words.empty() && std::strcmp(words.front(), "~") == 0;
  if (regex) words.erase(words.begin());
  if (words.empty()) return false;
  route.path = words.front();
  route.pattern = match || regex;
  return take_words(words, 1, route);
}

void collect(apr_pool_t* pool, const server_rec* server, const Line* level, const Line* section,
             std::vector<RouteLine>& routes) {
  for (; level != nullptr; level = level->next) {
    const bool location = is_line(*level, "<Location") || is_line(*level, "<LocationMatch");
    if (location) collect(pool, server, level->first_child, level, routes);
    RouteLine route{};
    route.server = server;
    if (level->first_child == nullptr && take_route(pool, *level, section, route)) routes.push_back(route);
  }
}

}  // namespace

std::vector<RouteLine> route_lines(apr_pool_t* pool, const server_rec* server) {
  std::vector<RouteLine> routes;
  collect(pool, server, lines_of(server), nullptr, routes);
  return routes;
}

std::vector<RouteLine> routes_in_force(apr_pool_t* pool, const server_rec* main, const server_rec* server) {
  auto own = route_lines(pool, server);
  if (server == main) return own;
  auto routes = route_lines(pool, main);
  // A virtual host inherits rules of mod_rewrite only with RewriteOptions, but routes always, whatever
  // ProxyPassInherit says (httpd 2.4.71).
  std::erase_if(routes, [](const RouteLine& route) { return route.rewritten; });
  routes.insert(routes.end(), own.begin(), own.end());
  return routes;
}

bool is_exclusion(const RouteLine& route) noexcept {
  return std::strcmp(route.url, "!") == 0;
}

std::string_view network_url(const char* url) noexcept {
  std::string_view text(url);
  if (!starts_with(text, "unix:")) return text;
  const auto bar = text.find('|');
  return bar == std::string_view::npos ? std::string_view() : text.substr(bar + 1);
}

std::vector<Target> targets_of(const server_rec* server, const RouteLine& route) {
  const auto url = network_url(route.url);
  const auto scheme = url.substr(0, std::min(url.find("://"), url.size()));
  if (!is_scheme(scheme, {"balancer"})) {
    auto host = url.substr(std::min(scheme.size() + 3, url.size()));
    host = host.substr(0, host.find_first_of("/?#"));
    host = host.substr(0, host.starts_with('[') ? host.find(']') + 1 : host.find(':'));
    auto* proxy = const_cast<proxy_server_conf*>(&proxy_of(server));
    const auto* worker = ap_proxy_get_worker(server->process->pconf, nullptr, proxy, route.url);
    return {{scheme, host, url, url.data() != route.url, route.upgrades,
             worker != nullptr ? static_cast<std::int64_t>(worker->s->recv_buffer_size) : 0}};
  }
  std::vector<Target> targets;
  auto name = url.substr(0, url.find_first_of("/?#", scheme.size() + 3));
  for (const auto& balancer : elements<const proxy_balancer>(proxy_of(server).balancers)) {
    if (!equals_ignoring_case(balancer.s->name, name)) continue;
    for (const auto* worker : elements<const proxy_worker* const>(balancer.workers)) {
      const bool upgrades =
          worker->s->upgrade[0] != '\0' && !equals_ignoring_case(worker->s->upgrade, "none");
      targets.push_back({worker->s->scheme, worker->s->hostname, url, worker->s->uds_path[0] != '\0',
                         upgrades || route.upgrades, static_cast<std::int64_t>(worker->s->recv_buffer_size)});
    }
  }
  return targets;
}

bool is_scheme(std::string_view scheme, std::initializer_list<std::string_view> schemes) noexcept {
  return std::ranges::any_of(schemes, [scheme](auto each) { return equals_ignoring_case(scheme, each); });
}

const char* spelled(apr_pool_t* pool, const RouteLine& route) noexcept {
  if (route.section == nullptr) return apr_pstrcat(pool, route.line->directive, " ", route.path, nullptr);
  return apr_pstrcat(pool, route.line->directive, " in ", route.section->directive, " ", route.path, ">",
                     nullptr);
}

}  // namespace wsflow::httpd
