#include "mod_wsflow/httpd/checks/settings_check.hpp"

#include <algorithm>

#include "mod_wsflow/config/route_shadow.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/elements.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/lines/route_owner.hpp"
#include "mod_wsflow/os/sysctl.hpp"

namespace wsflow::httpd {

namespace {

// A time as a configuration writes it ("5mi"); `time` in µs.
const char* written(apr_pool_t* pool, std::int64_t time) noexcept {
  struct Unit {
    std::int64_t worth;
    const char* name;
  };
  constexpr Unit kUnits[] = {
      {3600 * config::kSecond, "h"}, {60 * config::kSecond, "mi"}, {config::kSecond, "s"}};
  for (const auto& unit : kUnits) {
    if (time % unit.worth == 0) {
      return apr_psprintf(pool, "%" APR_INT64_T_FMT "%s", time / unit.worth, unit.name);
    }
  }
  return apr_psprintf(pool, "%" APR_INT64_T_FMT "ms", time / 1000);
}

std::span<const TunnelSection> places_of(const server_rec* main) noexcept {
  return elements<const TunnelSection>(config_of(main).tunnel_sections);
}

// True if the section may be in force for requests of the route. A pattern or a <Proxy> is taken to be.
bool may_cover(const server_rec* main, const TunnelSection& section, const TunnelSection& route) noexcept {
  if (section.route != nullptr || section.path == nullptr) return false;
  if (section.server != main && section.server != route.server) return false;
  const std::string_view path(section.path);
  if (!path.starts_with('/') || apr_fnmatch_test(section.path) != 0) return true;
  return config::hides({path, false, false, false}, {route.route->path, false, false, false});
}

// Settings of a place, as far as somebody has written them down.
config::PartialTunnelSettings given_at(const server_rec* main, const TunnelSection& place) noexcept {
  const auto& server =
      *static_cast<const DirConfig*>(ap_get_module_config(place.server->lookup_defaults, &wsflow_module));
  auto section = overlay(place.section->tunnels.settings, server.tunnels.settings);
  if (place.route == nullptr) return section;
  for (const auto& other : places_of(main)) {
    if (may_cover(main, other, place)) section = overlay(other.section->tunnels.settings, section);
  }
  return overlay(place.route->tunnels.settings, section);
}

const config::PartialTunnelSettings& own_of(const TunnelSection& place) noexcept {
  return place.route != nullptr ? place.route->tunnels.settings : place.section->tunnels.settings;
}

// The text that raises `idle`: a key of a route wins over all directives.
const char* idle_of(apr_pool_t* pool, const TunnelSection& place, std::int64_t time) noexcept {
  const bool key = place.route != nullptr && own_of(place).idle.has_value();
  return apr_pstrcat(pool, key ? "idle=" : "WSFlowTimeout idle=", written(pool, time), nullptr);
}

// Warns if a tunnel ends as idle before its pings can find a dead peer.
void check_ping(const server_rec* main, const TunnelSection& place, const config::TunnelSettings& settings,
                const char* name, std::int64_t interval) noexcept {
  if (interval == 0 || settings.idle == 0 || interval + settings.ping_timeout < settings.idle) return;
  auto* pool = main->process->pconf;
  const auto found = interval + settings.ping_timeout;
  ap_log_error(
      APLOG_MARK, APLOG_WARNING, 0, main,
      WSFLOGNO(0165) "%s: a dead %s is found after %s, but after %s the tunnel has ended as idle: "
 "write \"%s\"",
      place.where, name, written(pool, found), written(pool, settings.idle), idle_of(pool, place, 2 * found));
}

// True if a part of the place sets the interval of pings to clients: it is then unclear whom the place's own
// times concern.
bool is_said_inside(const server_rec* main, const TunnelSection& place) noexcept {
  if (place.route != nullptr) return false;
  return std::ranges::any_of(places_of(main), [&](const TunnelSection& other) {
    return own_of(other).ping_client && (place.server == main || place.server == other.server);
  });
}

// Warns if `idle` cuts a quiet client before the first ping of the default interval: answers to our pings do
// not count for idle. check_ping() handles intervals that are written down.
void check_unasked(const server_rec* main, const TunnelSection& place,
                   const config::PartialTunnelSettings& given) noexcept {
  const auto ping = config::kDefaultSettings.ping_client;
  const auto idle = given.idle.value_or(0);
  if (given.ping_client || idle == 0 || idle >= ping || is_said_inside(main, place)) return;
  auto* pool = main->process->pconf;
  ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main,
               WSFLOGNO(0284) "%s: idle=%s cuts every client that is quiet, before it is pinged after %s: write \"%s\", or \"WSFlowPing client=0\" if that is meant",
               place.where, written(pool, idle), written(pool, ping),
               idle_of(pool, place, 2 * (ping + config::kDefaultSettings.ping_timeout)));
}

void check_times(const server_rec* main, const TunnelSection& place) noexcept {
  const auto& own = own_of(place);
  const auto times = {own.idle, own.lifetime, own.ping_client, own.ping_origin, own.ping_timeout};
  if (std::ranges::none_of(times, [](auto time) { return time.has_value(); })) return;
  const auto given = given_at(main, place);
  const auto settings = config::complete(given, config::kDefaultSettings);
  // What nobody has written down is not worth a warning.
  check_ping(main, place, settings, "client", given.ping_client.value_or(0));
  check_ping(main, place, settings, "origin", given.ping_origin.value_or(0));
  check_unasked(main, place, given);
  const auto idle = given.idle.value_or(0);
  if (settings.lifetime == 0 || idle < settings.lifetime) return;
  auto* pool = main->process->pconf;
  ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main,
               WSFLOGNO(0166) "%s: idle=%s is never reached, as the lifetime is %s: write \"%s\"",
               place.where, written(pool, idle), written(pool, settings.lifetime),
               idle_of(pool, place, settings.lifetime / 2));
}

// Warns if the largest buffer of all places, once for each direction, exceeds the bound of a child.
void check_buffers(const server_rec* main, std::span<const TunnelSection> places) noexcept {
  auto largest = config::kDefaultSettings.buffer;
  for (const auto& place : places) largest = std::max(largest, given_at(main, place).buffer.value_or(0));
  const auto bound = max_buffered(main);
  if (bound == 0 || 2 * largest <= bound) return;
  const auto enough = static_cast<int>(8 * largest / (1024 * 1024));
  ap_log_error(
      APLOG_MARK, APLOG_WARNING, 0, main,
      WSFLOGNO(0167) "one tunnel may hold more bytes than its child: write \"WSFlowMaxBuffered %dM\"",
      enough);
}

// Warns of a size that the kernel cuts silently.
void check_kernel(const server_rec* main, const TunnelSection& place, std::int64_t size,
                  const char* directive, const char* setting) noexcept {
  const auto most =
      static_cast<std::int64_t>(os::sysctl(apr_pstrcat(main->process->pconf, "net/core/", setting, nullptr)));
  if (size <= most || most == 0) return;
  ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main,
               WSFLOGNO(0168) "%s: the kernel gives no more than %" APR_INT64_T_FMT
                              " bytes: write \"%s%" APR_INT64_T_FMT
                              "\", or set net.core.%s to %" APR_INT64_T_FMT,
               place.where, most, directive, most, setting, size);
}

bool is_loopback(std::string_view host) noexcept {
  return host.starts_with("127.") || host.starts_with("[::ffff:127.") ||
         is_scheme(host, {"localhost", "[::1]", "0.0.0.0", "[::]"});
}

bool is_on_loopback(const Target& target) noexcept {
  return !target.local && is_loopback(target.host);
}

bool may_meet(const TunnelSection& section, const RouteLine& route) noexcept {
  const std::string_view path(section.path);
  if (path.find("://") != path.npos) return network_url(route.url).starts_with(path);  // <Proxy>
  return may_meet(section.path, !path.starts_with('/') || apr_fnmatch_test(section.path) != 0, route);
}

// True if a route of `place` has its origin on this machine.
bool leads_to_loopback(const server_rec* main, const TunnelSection& place) {
  const auto leads = [&](const server_rec* server) {
    const auto routes = routes_in_force(main->process->pconf, main, server);
    return std::ranges::any_of(routes, [&](const RouteLine& route) {
      const bool meant = place.route != nullptr
                             ? route.ours && std::string_view(route.url) == place.route->url
                             : place.path == nullptr || may_meet(place, route);
      return meant && has_tunnels(server, route) &&
             std::ranges::any_of(targets_of(server, route), is_on_loopback);
    });
  };
  if (place.server != main) return leads(place.server);
  for (const auto* server = main; server != nullptr; server = server->next) {
    if (leads(server)) return true;
  }
  return false;
}

// True if a receive window is much smaller than a packet of the loopback interface (64 KiB): each packet then
// waits for a timer.
bool is_small(std::int64_t size) noexcept {
  constexpr std::int64_t kEnough = 32 * 1024;
  return size > 0 && size < kEnough;
}

void tell_small(const server_rec* main, const char* where, std::int64_t size, const char* line) noexcept {
  ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main,
               WSFLOGNO(0285) "%s: with a receive buffer of %" APR_INT64_T_FMT
                              " bytes an origin on this machine is slow, minutes for a few MiB: write \"%s\"",
               where, size, line);
}

void check_loopback(const server_rec* main, const TunnelSection& place) {
  const auto size = own_of(place).receive_buffer.value_or(0);
  if (is_small(size) && leads_to_loopback(main, place))
    tell_small(main, place.where, size,
               place.route != nullptr ? "receive-buffer=32k" : "WSFlowReceiveBufferSize 32k");
}

// Warns of small receive buffers of mod_proxy, which count where ours are not given.
void check_proxy_buffers(const server_rec* main) {
  const auto says = [](const TunnelSection& place) { return own_of(place).receive_buffer.value_or(0) > 0; };
  if (std::ranges::any_of(places_of(main), says)) return;
  std::int64_t size = 0;
  const auto judge = [&](const server_rec* server, const RouteLine& route) {
    if (!has_tunnels(server, route)) return Verdict::none;
    for (const auto& target : targets_of(server, route)) {
      if (!is_on_loopback(target) || !is_small(target.receive_buffer)) continue;
      if (size == 0) size = target.receive_buffer;
      return Verdict::fails;
    }
    return Verdict::works;
  };
  const auto failing = failing_routes(main->process->pconf, main, judge);
  if (!failing.empty())
    tell_small(main, place_of(main->process->pconf, *failing.front().route.line), size,
               "receivebuffersize=32768");
}

}  // namespace

void check_settings(const server_rec* main) noexcept {
  const auto places = places_of(main);
  for (const auto& place : places) {
    check_times(main, place);
    guard_void(main, [&] { check_loopback(main, place); });
    const bool keys = place.route != nullptr;
    check_kernel(main, place, own_of(place).receive_buffer.value_or(0),
                 keys ? "receive-buffer=" : "WSFlowReceiveBufferSize ", "rmem_max");
    check_kernel(main, place, own_of(place).send_buffer.value_or(0),
                 keys ? "send-buffer=" : "WSFlowSendBufferSize ", "wmem_max");
  }
  check_buffers(main, places);
  guard_void(main, [&] { check_proxy_buffers(main); });
}

}  // namespace wsflow::httpd
