#include "mod_wsflow/httpd/settings_check.hpp"

#include <algorithm>

#include "mod_wsflow/httpd/config.hpp"
#include "mod_wsflow/httpd/limit_rule.hpp"
#include "mod_wsflow/httpd/log.hpp"
#include "mod_wsflow/os/sysctl.hpp"

namespace wsflow::httpd {

namespace {

// A time as it is written in a configuration.
const char* written(apr_pool_t* pool, std::int64_t time) noexcept {
  struct Unit {
    std::int64_t worth;
    const char* name;
  };
  constexpr Unit kUnits[] = {{3600 * kSecond, "h"}, {60 * kSecond, "mi"}, {kSecond, "s"}};
  for (const auto& unit : kUnits) {
    if (time % unit.worth == 0) {
      return apr_psprintf(pool, "%" APR_INT64_T_FMT "%s", time / unit.worth, unit.name);
    }
  }
  return apr_psprintf(pool, "%" APR_INT64_T_FMT "ms", time / 1000);
}

// Settings of a place, as far as somebody has written them down.
Settings given_at(const TunnelPlace& place) noexcept {
  const auto& server =
      *static_cast<const DirConfig*>(ap_get_module_config(place.server->lookup_defaults, &wsflow_module));
  const auto section = overlay(place.section->tunnels.settings, server.tunnels.settings);
  return place.route != nullptr ? overlay(place.route->tunnels.settings, section) : section;
}

const Settings& own_of(const TunnelPlace& place) noexcept {
  return place.route != nullptr ? place.route->tunnels.settings : place.section->tunnels.settings;
}

// A dead peer must be found before silence has ended the tunnel anyway.
void check_ping(const server_rec* main, const TunnelPlace& place, const Settings& settings, const char* name,
                std::int64_t interval) noexcept {
  if (interval <= 0 || settings.idle == 0 || interval + settings.ping_timeout < settings.idle) return;
  auto* pool = main->process->pconf;
  const auto found = interval + settings.ping_timeout;
  ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main, WSFLOGNO(0165)
               "%s: a dead %s is found after %s, but after %s the tunnel has ended as idle: write \"WSFlowTimeout idle=%s\"",
               place.where, name, written(pool, found), written(pool, settings.idle), written(pool, 2 * found));
}

void check_times(const server_rec* main, const TunnelPlace& place) noexcept {
  const auto& own = own_of(place);
  const auto times = {own.idle, own.lifetime, own.ping_client, own.ping_origin, own.ping_timeout};
  if (std::ranges::all_of(times, [](std::int64_t time) { return time == kUnset; })) return;
  const auto given = given_at(place);
  const auto settings = overlay(given, kDefaultSettings);
  // What nobody has written down is not worth a warning.
  check_ping(main, place, settings, "client", given.ping_client);
  check_ping(main, place, settings, "origin", given.ping_origin);
  if (settings.lifetime == 0 || given.idle < settings.lifetime) return;
  auto* pool = main->process->pconf;
  ap_log_error(
      APLOG_MARK, APLOG_WARNING, 0, main,
      WSFLOGNO(0166) "%s: idle=%s is never reached, as the lifetime is %s: write \"WSFlowTimeout idle=%s\"",
      place.where, written(pool, given.idle), written(pool, settings.lifetime),
      written(pool, settings.lifetime / 2));
}

// The largest buffer of all places must fit into the bound of a child, once in each direction.
void check_buffers(const server_rec* main, std::span<const TunnelPlace> places) noexcept {
  auto largest = kDefaultSettings.buffer;
  for (const auto& place : places) largest = std::max(largest, given_at(place).buffer);
  const auto bound = config_of(main).max_buffered;
  if (bound == 0 || 2 * largest <= bound) return;
  const auto enough = static_cast<int>(8 * largest / (1024 * 1024));
  ap_log_error(
      APLOG_MARK, APLOG_WARNING, 0, main,
      WSFLOGNO(0167) "one tunnel may hold more bytes than its child: write \"WSFlowMaxBuffered %dM\"",
      enough);
}

// The kernel cuts a larger one without a word.
void check_kernel(const server_rec* main, const TunnelPlace& place, std::int64_t size, const char* directive,
                  const char* setting) noexcept {
  const auto most =
      static_cast<std::int64_t>(os::sysctl(apr_pstrcat(main->process->pconf, "net/core/", setting, nullptr)));
  if (size <= most || most == 0) return;
  ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main,
               WSFLOGNO(0168) "%s: the kernel gives no more than %" APR_INT64_T_FMT
                              " bytes: write \"%s %" APR_INT64_T_FMT
                              "\", or set net.core.%s to %" APR_INT64_T_FMT,
               place.where, most, directive, most, setting, size);
}

}  // namespace

void check_settings(const server_rec* main) noexcept {
  const auto places = elements<const TunnelPlace>(config_of(main).tunnel_places);
  for (const auto& place : places) {
    check_times(main, place);
    check_kernel(main, place, own_of(place).receive_buffer, "WSFlowReceiveBufferSize", "rmem_max");
    check_kernel(main, place, own_of(place).send_buffer, "WSFlowSendBufferSize", "wmem_max");
  }
  check_buffers(main, places);
}

}  // namespace wsflow::httpd
