#pragma once

#include <type_traits>

#include "mod_wsflow/httpd/api.hpp"

namespace wsflow::httpd {

// Configuration structs live in pconf and are trivially destructible: a reload frees the pool and nothing
// else.

inline constexpr apr_interval_time_t kUnset = -1;

// Times in microseconds, as APR has them; kUnset: not given here.
struct Timeouts {
  apr_interval_time_t handshake = kUnset;
  apr_interval_time_t close = kUnset;
};
inline constexpr Timeouts kDefaultTimeouts{.handshake = apr_time_from_sec(10), .close = apr_time_from_sec(5)};
// `first` where it is set, else `second`.
constexpr Timeouts overlay(const Timeouts& first, const Timeouts& second) noexcept {
  return {.handshake = first.handshake != kUnset ? first.handshake : second.handshake,
          .close = first.close != kUnset ? first.close : second.close};
}

// What a keeper does with its tunnels. Times in microseconds; kUnset: not given here.
struct DrainSettings {
  apr_interval_time_t deadline = kUnset;  // from the reload on; 0: none
  apr_interval_time_t window = kUnset;
  int code = 0;  // 0: not given
};
inline constexpr DrainSettings kDefaultDrain{
    .deadline = apr_time_from_sec(24 * 3600), .window = apr_time_from_sec(600), .code = 1012};
// `first` where it is set, else `second`.
constexpr DrainSettings overlay(const DrainSettings& first, const DrainSettings& second) noexcept {
  return {.deadline = first.deadline != kUnset ? first.deadline : second.deadline,
          .window = first.window != kUnset ? first.window : second.window,
          .code = first.code != 0 ? first.code : second.code};
}

struct OriginLoad;
struct AdoptedKeeper;

// One WSFlowPass.
struct Route {
  const char* path;   // as configured
  const char* url;    // as configured
  const char* real;   // mod_proxy's copy of the URL: its address tells which of mod_proxy's aliases is ours
  Timeouts timeouts;  // given as keys of the directive
};

// Server and virtual host.
struct ServerConfig {
  apr_array_header_t* routes;        // of Route*; this server's, its <Location>s' and those of its base
  int threads;                       // main server only; 0: not given
  int max_tunnels;                   // main server only; 0: not given
  DrainSettings drain;               // main server only
  apr_array_header_t* limit_rules;   // main server only; of LimitRule*: all that are named
  apr_array_header_t* limit_places;  // main server only; of LimitPlace
  OriginLoad* origin_load;           // main server only; made behind the configuration; none: no balancers
  AdoptedKeeper* adopted;            // main server only; the parent's list
  bool served;  // main server only; in the parent: children were started with this configuration
};

// Server, virtual host, <Location>, <Directory>, <Proxy>.
struct DirConfig {
  int enabled;                 // WSFlow: -1 not given, 0 Off, 1 On
  Timeouts timeouts;           // WSFlowTimeout
  const Route* route;          // WSFlowPass of this <Location>, or nullptr
  apr_array_header_t* limits;  // WSFlowLimit, of LimitUse; nullptr: none
};
static_assert(std::is_trivially_destructible_v<ServerConfig> && std::is_trivially_destructible_v<DirConfig> &&
              std::is_trivially_destructible_v<Route>);

void* create_server_config(apr_pool_t* pool, server_rec* server) noexcept;
void* merge_server_config(apr_pool_t* pool, void* base, void* add) noexcept;
void* create_dir_config(apr_pool_t* pool, char* path) noexcept;
void* merge_dir_config(apr_pool_t* pool, void* base, void* add) noexcept;

inline ServerConfig& config_of(const server_rec* server) noexcept {
  return *static_cast<ServerConfig*>(ap_get_module_config(server->module_config, &wsflow_module));
}
inline const DirConfig& config_of(const request_rec* r) noexcept {
  return *static_cast<const DirConfig*>(ap_get_module_config(r->per_dir_config, &wsflow_module));
}

}  // namespace wsflow::httpd
