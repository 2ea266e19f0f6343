#pragma once

#include <optional>
#include <type_traits>

#include "mod_wsflow/capacity/facts.hpp"
#include "mod_wsflow/config/drain_settings.hpp"
#include "mod_wsflow/config/overlay.hpp"
#include "mod_wsflow/config/tunnel_settings.hpp"
#include "mod_wsflow/httpd/api.hpp"
#include "mod_wsflow/httpd/config/handshake_config.hpp"
#include "mod_wsflow/httpd/config/presence_config.hpp"

namespace wsflow::httpd {

// Configuration structs live in pconf and are trivially destructible: a reload frees the pool and nothing
// else. What a directive may leave out is an optional, or a pointer to what lives in pconf.

using config::overlay;

// How the tunnels of a section or a route are treated, as far as it says so.
struct PartialTunnelConfig {
  config::PartialTunnelSettings settings{};
  const ap_expr_info_t* until = nullptr;  // WSFlowTimeout until=
  using List = config::Members<&PartialTunnelConfig::settings, &PartialTunnelConfig::until>;
};
static_assert(config::lists_all<PartialTunnelConfig>());

// How the tunnel of a request is treated.
struct TunnelConfig {
  config::TunnelSettings settings;
  const ap_expr_info_t* until;  // nullptr: no session ends it
};
inline TunnelConfig complete(const PartialTunnelConfig& given) noexcept {
  return {.settings = config::complete(given.settings, config::kDefaultSettings), .until = given.until};
}

struct OriginLoad;
struct ClusterConfig;
struct TunnelLog;
struct AdoptedKeeper;

// One WSFlowPass.
struct Route {
  const char* path;  // as configured
  const char* url;   // as configured
  const char* real;  // mod_proxy's copy of the URL: its address tells which alias of mod_proxy is the route's
  PartialTunnelConfig tunnels;  // given as keys of the directive
};

// What directives say of a server.
struct ServerSettings {
  std::optional<int> threads{};                     // WSFlowThreads; main server only
  std::optional<int> max_tunnels{};                 // WSFlowMaxTunnels; main server only
  std::optional<int> max_handshakes{};              // WSFlowMaxHandshakes; main server only
  std::optional<std::int64_t> max_buffered{};       // WSFlowMaxBuffered, bytes; main server only; 0: no bound
  config::PartialDrainSettings drain{};             // WSFlowDrain; main server only
  TunnelLog* log = nullptr;                         // WSFlowLog
  PresenceStoreConfig* presence_store = nullptr;    // WSFlowPresenceStore; main server only
  PresenceEventsConfig* presence_events = nullptr;  // WSFlowPresenceEvents; main server only
  const ClusterConfig* cluster = nullptr;           // WSFlowCluster; main server only
  const char* node = nullptr;                       // WSFlowNode; main server only
  using List =
      config::Members<&ServerSettings::threads, &ServerSettings::max_tunnels, &ServerSettings::max_handshakes,
                      &ServerSettings::max_buffered, &ServerSettings::drain, &ServerSettings::log,
                      &ServerSettings::presence_store, &ServerSettings::presence_events,
                      &ServerSettings::cluster, &ServerSettings::node>;
};
static_assert(config::lists_all<ServerSettings>());

inline constexpr std::int64_t kDefaultMaxBuffered = 256 * 1024 * 1024;
inline constexpr std::int64_t kDefaultSlowStart = 30'000'000;

// Server and virtual host.
struct ServerConfig {
  ServerSettings settings{};
  apr_array_header_t* routes = nullptr;           // of Route*; this server's, its <Location>s' and its base's
  apr_hash_t* routes_by_alias = nullptr;          // main server only; of Route, all, by the address `real`
  apr_array_header_t* limits = nullptr;           // main server only; of LimitConfig*: all that are named
  apr_array_header_t* limit_sections = nullptr;   // main server only; of LimitSection
  apr_array_header_t* tunnel_sections = nullptr;  // main server only; of TunnelSection
  OriginLoad* origin_load = nullptr;  // main server only; made behind the configuration; none: no balancers
  AdoptedKeeper* adopted = nullptr;   // main server only; the parent's list
  apr_array_header_t* field_expressions = nullptr;  // main server only; of FieldExpression
  apr_array_header_t* status_paths = nullptr;    // main server only; of const char*: where the status page is
  apr_array_header_t* presence_rules = nullptr;  // main server only; of PresenceRule: all that there are
  const capacity::Facts* capacity = nullptr;     // main server only; made behind the configuration
  std::uint32_t async_connections = 0;           // main server only; see process/handshake_room.hpp
  bool judges_fields =
      false;                // main server only; something judges by the fields of requests (sent_fields.hpp)
  bool served = false;      // main server only; in the parent: children were started with this configuration
  bool cold_start = false;  // main server only; no graceful reload brought this configuration
};

// Server, virtual host, <Location>, <Directory>, <Proxy>.
struct DirConfig {
  std::optional<bool> enabled{};    // WSFlow
  PartialTunnelConfig tunnels{};    // WSFlowTimeout, WSFlowPing, WSFlowMessageLimit, WSFlow...BufferSize
  HandshakeConfig handshakes{};     // WSFlowOrigin, WSFlowProtocol and others
  std::optional<bool> show_user{};  // WSFlowShowUser
  std::optional<std::int64_t> slow_start{};  // WSFlowSlowStart, microseconds; 0: none
  apr_array_header_t* limits = nullptr;      // WSFlowLimit, of AppliedLimit; merge_limits() merges it
  PresenceRules presence{};                  // WSFlowPresence; merge_presence() merges it
  using List = config::Members<&DirConfig::enabled, &DirConfig::tunnels, &DirConfig::handshakes,
                               &DirConfig::show_user, &DirConfig::slow_start>;
};
static_assert(config::lists_all<DirConfig, 2>(), "all but the limits and the presence");

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
// ServerName; an empty text where there is none. Labels, rows and jobs know a server by it.
inline const char* server_name(const server_rec* server) noexcept {
  return server->server_hostname != nullptr ? server->server_hostname : "";
}
inline std::int64_t max_buffered(const server_rec* main_server) noexcept {
  return config_of(main_server).settings.max_buffered.value_or(kDefaultMaxBuffered);
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
