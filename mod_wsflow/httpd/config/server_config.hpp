#pragma once

#include <type_traits>

#include "mod_wsflow/config/tunnel_settings.hpp"
#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/config/handshake_config.hpp"

namespace wsflow::httpd {

// Configuration structs live in pconf and are trivially destructible: a reload frees the pool and nothing
// else.

// How the tunnels of a place are treated.
struct TunnelConfig {
  config::TunnelSettings settings;
  const ap_expr_info_t* until = nullptr;  // WSFlowTimeout until=; nullptr: not given
};
// `first` where it is set, else `second`.
inline TunnelConfig overlay(const TunnelConfig& first, const TunnelConfig& second) noexcept {
  return {.settings = overlay(first.settings, second.settings),
          .until = first.until != nullptr ? first.until : second.until};
}

// What a keeper does with its tunnels. Times in microseconds; kUnset: not given here.
struct DrainSettings {
  apr_interval_time_t deadline = config::kUnset;  // from the reload on; 0: none
  apr_interval_time_t window = config::kUnset;
  int code = 0;          // 0: not given
  int worker_down = -1;  // of a worker that is down, tunnels to be closed a second; 0: none; -1: not given
};
inline constexpr DrainSettings kDefaultDrain{.deadline = apr_time_from_sec(24 * 3600),
                                             .window = apr_time_from_sec(600),
                                             .code = 1012,
                                             .worker_down = 0};
// `first` where it is set, else `second`.
constexpr DrainSettings overlay(const DrainSettings& first, const DrainSettings& second) noexcept {
  return {.deadline = first.deadline != config::kUnset ? first.deadline : second.deadline,
          .window = first.window != config::kUnset ? first.window : second.window,
          .code = first.code != 0 ? first.code : second.code,
          .worker_down = first.worker_down >= 0 ? first.worker_down : second.worker_down};
}

struct OriginLoad;
struct TunnelLog;
struct AdoptedKeeper;

// One WSFlowPass.
struct Route {
  const char* path;  // as configured
  const char* url;   // as configured
  const char* real;  // mod_proxy's copy of the URL: its address tells which of mod_proxy's aliases is ours
  TunnelConfig tunnels;  // given as keys of the directive
};

inline constexpr std::int64_t kDefaultMaxBuffered = 256 * 1024 * 1024;

// Server and virtual host.
struct ServerConfig {
  apr_array_header_t* routes;           // of Route*; this server's, its <Location>s' and those of its base
  apr_hash_t* routes_by_alias;          // main server only; of Route, all there are, by the address `real`
  int threads;                          // main server only; 0: not given
  int max_tunnels;                      // main server only; 0: not given
  std::int64_t max_buffered;            // main server only, bytes; 0: no bound
  DrainSettings drain;                  // main server only
  apr_array_header_t* limits;           // main server only; of LimitConfig*: all that are named
  apr_array_header_t* limit_sections;   // main server only; of LimitSection
  apr_array_header_t* tunnel_sections;  // main server only; of TunnelSection
  OriginLoad* origin_load;              // main server only; made behind the configuration; none: no balancers
  AdoptedKeeper* adopted;               // main server only; the parent's list
  TunnelLog* log;                       // WSFlowLog, its own or the main server's; nullptr: not given
  apr_array_header_t* field_expressions;  // main server only; of FieldExpression
  apr_array_header_t*
      status_paths;    // main server only; of const char*: where SetHandler wsflow-status stands
  bool judges_fields;  // main server only; something judges by the fields of requests (sent_fields.hpp)
  bool served;         // main server only; in the parent: children were started with this configuration
  bool cold_start;     // main server only; no graceful reload brought this configuration
};

// Server, virtual host, <Location>, <Directory>, <Proxy>.
struct DirConfig {
  int enabled;                 // WSFlow: -1 not given, 0 Off, 1 On
  TunnelConfig tunnels;        // WSFlowTimeout and its like
  apr_array_header_t* limits;  // WSFlowLimit, of AppliedLimit; nullptr: none
  HandshakeConfig handshakes;  // WSFlowOrigin and its like
  int show_user = -1;          // WSFlowShowUser: -1 not given, 0 Off, 1 On
};

// A section, or one of its routes, that says how its tunnels are treated. For the checks at the start.
struct TunnelSection {
  const server_rec* server;
  const DirConfig* section;
  const Route* route;  // nullptr: the section itself
  const char* path;    // of the section; nullptr: outside of all, or the route's own is meant
  const char* where;   // file:line
};
static_assert(std::is_trivially_destructible_v<ServerConfig> && std::is_trivially_destructible_v<DirConfig> &&
              std::is_trivially_destructible_v<Route> && std::is_trivially_destructible_v<TunnelSection>);

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

// Something judges by the fields of requests: what their clients sent is kept (request/sent_fields). Parent,
// while the configuration is read.
inline void keep_sent_fields() noexcept {
  config_of(ap_server_conf).judges_fields = true;
}

}  // namespace wsflow::httpd
