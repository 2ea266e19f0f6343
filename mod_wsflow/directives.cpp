#include "mod_wsflow/directives.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>

#include "mod_wsflow/config/drain_settings.hpp"
#include "mod_wsflow/config/values.hpp"
#include "mod_wsflow/httpd/config/cluster_directive.hpp"
#include "mod_wsflow/httpd/config/handshake_config.hpp"
#include "mod_wsflow/httpd/config/limit_directives.hpp"
#include "mod_wsflow/httpd/config/presence_directives.hpp"
#include "mod_wsflow/httpd/config/server_config.hpp"
#include "mod_wsflow/httpd/config/tunnel_directives.hpp"
#include "mod_wsflow/httpd/config/tunnel_log.hpp"
#include "mod_wsflow/httpd/guard.hpp"
#include "mod_wsflow/httpd/handshake/routes.hpp"

namespace wsflow::httpd {

namespace {

// On or Off, for an optional bool of DirConfig. `Path`: the members that lead to it.
template <auto... Path>
const char* set_flag(cmd_parms* cmd, void* config, int on) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, NOT_IN_HTACCESS)) return error;
  config::member_of<Path...>(*static_cast<DirConfig*>(config)) = on != 0;
  return nullptr;
}

// A number from 1 to `most`, for the main server alone.
template <std::optional<int> ServerSettings::*field, int most>
const char* set_number(cmd_parms* cmd, void*, const char* value) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, GLOBAL_ONLY)) return error;
  const auto number = config::parse_number(value, 1, most);
  if (!number)
    return apr_psprintf(cmd->pool, "%s %s: needs a number from 1 to %d", cmd->cmd->name, value, most);
  config_of(cmd->server).settings.*field = number;
  return nullptr;
}

const char* set_max_buffered(cmd_parms* cmd, void*, const char* value) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, GLOBAL_ONLY)) return error;
  constexpr std::int64_t kMebi = std::int64_t{1} << 20U;
  const auto none = config::parse_size(value, 0, 0);
  const auto bytes = none ? none : config::parse_size(value, kMebi, kMebi * kMebi);
  if (!bytes) {
    return apr_psprintf(cmd->pool,
                        "%s %s: needs 0 (no bound) or a number of bytes from 1M to 1024G (units k, M, G)",
                        cmd->cmd->name, value);
  }
  config_of(cmd->server).settings.max_buffered = bytes;
  return nullptr;
}

const char* set_slow_start(cmd_parms* cmd, void* config, const char* value) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, NOT_IN_HTACCESS)) return error;
  constexpr std::int64_t kDay = std::int64_t{24} * 3600 * 1'000'000;
  const auto time = config::parse_time(value, 0, kDay);
  if (!time) {
    return apr_psprintf(cmd->pool,
                        "%s %s: needs 0 (none) or a time to 24h (units ms, s, mi, h; seconds if none)",
                        cmd->cmd->name, value);
  }
  static_cast<DirConfig*>(config)->slow_start = time;
  return nullptr;
}

const char* set_drain(cmd_parms* cmd, void*, const char* word) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, GLOBAL_ONLY)) return error;
  return guard(cmd->server, "WSFlowDrain: out of memory", [&]() -> const char* {
    const auto given = config::parse_drain(word);
    if (!given) return apr_pstrcat(cmd->pool, "WSFlowDrain ", given.wrong().c_str(), nullptr);
    auto& drain = config_of(cmd->server).settings.drain;
    drain = overlay(*given, drain);
    return nullptr;
  });
}

// Where httpd takes a directive, and how its manual says so.
constexpr int kAnywhere = RSRC_CONF | ACCESS_CONF;
constexpr const char* kSections = "server config, virtual host, directory";
constexpr const char* kServers = "server config, virtual host";
constexpr const char* kMain = "server config";

// A directive: what httpd gets of it, and what users read beside its name and its help. docs/mod_wsflow.md
// and conf.d/wsflow-reference.conf are checked against these rows.
struct Directive {
  command_rec command;
  const char* syntax;
  const char* default_value;
  const char* context;
};
constexpr Directive kDirectives[] = {
    {AP_INIT_FLAG("WSFlow", set_flag<&DirConfig::enabled>, nullptr, kAnywhere,
                  "On: take the WebSocket upgrades of mod_proxy's routes too, not only those of WSFlowPass"),
     "WSFlow On|Off", "Off", kSections},
    {AP_INIT_RAW_ARGS("WSFlowPass", set_pass, nullptr, kAnywhere,
                      "map a path to a WebSocket origin, as ProxyPass does"),
     "WSFlowPass [path] url|! [key=value ...]", "None", kSections},
    {AP_INIT_RAW_ARGS("WSFlowTimeout", set_timeout, nullptr, kAnywhere,
                      "how long an origin may take to be reached and to answer, and what ends a tunnel: "
                      "silence, a peer that takes nothing, age, or the end of a session"),
     "WSFlowTimeout [connect=time] [handshake=time] [idle=time] [stall=time] [close=time] [lifetime=time] "
     "[jitter=percent] [until=expression]",
     "connect=5s handshake=60s idle=0 stall=60s close=5s lifetime=0 jitter=10%", kSections},
    {AP_INIT_TAKE1("WSFlowThreads", (set_number<&ServerSettings::threads, 64>), nullptr, RSRC_CONF,
                   "event loop threads of each child process"),
     "WSFlowThreads number", "1", kMain},
    {AP_INIT_TAKE1("WSFlowMaxTunnels", (set_number<&ServerSettings::max_tunnels, 10'000'000>), nullptr,
                   RSRC_CONF, "how many tunnels a child process holds at most; more are refused with 503"),
     "WSFlowMaxTunnels number", "from the descriptor limit", kMain},
    {AP_INIT_TAKE1("WSFlowMaxHandshakes", (set_number<&ServerSettings::max_handshakes, 10'000'000>), nullptr,
                   RSRC_CONF,
                   "how many handshakes of a child process may wait for their origins; more are refused with "
                   "503"),
     "WSFlowMaxHandshakes number", "from AsyncRequestWorkerFactor and the descriptor limit", kMain},
    {AP_INIT_ITERATE(
         "WSFlowDrain", set_drain, nullptr, RSRC_CONF,
         "how long tunnels of a child that ended gracefully live on, over what time they are "
         "closed then, and with which Close code; and what becomes of those whose worker is down"),
     "WSFlowDrain [deadline=time] [window=time] [code=number] [on-worker-down=keep|close:number/s]",
     "deadline=24h window=10mi code=1012 on-worker-down=keep", kMain},
    {AP_INIT_RAW_ARGS("WSFlowLimit", set_limit, nullptr, kAnywhere,
                      "how many requests and tunnels may be there at a time, or how fast they may come"),
     "WSFlowLimit name [key=value ...]|off", "None", kSections},
    {AP_INIT_RAW_ARGS("WSFlowCluster", set_cluster, nullptr, RSRC_CONF,
                      "the Redis or Valkey by which the nodes of a cluster share limits with cluster="),
     "WSFlowCluster url [lease=time] [timeout=time]", "None", kMain},
    {AP_INIT_RAW_ARGS("WSFlowPing", set_ping, nullptr, kAnywhere,
                      "after what silence a peer is pinged, and how long it may take to answer"),
     "WSFlowPing [client=time] [origin=time] [timeout=time]", "client=45s origin=0 timeout=20s", kSections},
    {AP_INIT_RAW_ARGS(
         "WSFlowCloseCode", set_close_code, nullptr, kAnywhere,
         "which Close code tells clients of which end, and over what time the clients of a lost origin "
         "are told"),
     "WSFlowCloseCode [origin-lost=code|none] [origin-fault=code|none] [idle-timeout=code|none] "
     "[lifetime=code|none] [server-stop=code|none] [server-restart=code|none] [too-big=code|none] "
     "[too-fast=code|none] [not-websocket=code|none] [spread=time]",
     "origin-lost=1012 origin-fault=1012 idle-timeout=1001 lifetime=1012 server-stop=1001 "
     "server-restart=1012 "
     "too-big=1009 too-fast=1008 not-websocket=1002 spread=5s",
     kSections},
    {AP_INIT_TAKE1("WSFlowBufferSize", set_buffer_size, nullptr, kAnywhere,
                   "how many bytes may wait for a slow reader, in each direction of a tunnel"),
     "WSFlowBufferSize bytes", "64k", kSections},
    {AP_INIT_TAKE1("WSFlowReceiveBufferSize", set_receive_buffer_size, nullptr, kAnywhere,
                   "the kernel's receive buffer of both connections of a tunnel; 0: the system's"),
     "WSFlowReceiveBufferSize bytes", "0", kSections},
    {AP_INIT_TAKE1("WSFlowSendBufferSize", set_send_buffer_size, nullptr, kAnywhere,
                   "the kernel's send buffer of both connections of a tunnel; 0: the system's"),
     "WSFlowSendBufferSize bytes", "0", kSections},
    {AP_INIT_RAW_ARGS(
         "WSFlowMessageLimit", set_message_limit, nullptr, kAnywhere,
         "how large messages may be and how fast they may come, and whether RFC 6455 is enforced"),
     "WSFlowMessageLimit [frame=bytes] [message=bytes] [rate=number/s] [bytes=bytes/s] "
     "[from=client|origin|both] [action=slow|close] [strict=on|off]",
     "None", kSections},
    {AP_INIT_TAKE1(
         "WSFlowMaxBuffered", set_max_buffered, nullptr, RSRC_CONF,
         "how many bytes may wait for slow readers in a child process, in all its tunnels together"),
     "WSFlowMaxBuffered bytes", "256M", kMain},
    {AP_INIT_RAW_ARGS("WSFlowOrigin", set_origin, nullptr, kAnywhere,
                      "the pages of which origins may open tunnels"),
     "WSFlowOrigin any|same|null|host ... [required] [report-only]", "any", kSections},
    {AP_INIT_RAW_ARGS("WSFlowProtocol", set_protocol, nullptr, kAnywhere,
                      "the sub-protocols that clients may offer to the origin"),
     "WSFlowProtocol any|name [name ...]", "any", kSections},
    {AP_INIT_TAKE1("WSFlowExtensions", set_extensions, nullptr, kAnywhere,
                   "strip: take the extensions that clients offer out of their handshakes"),
     "WSFlowExtensions pass|strip", "pass", kSections},
    {AP_INIT_RAW_ARGS("WSFlowSourceAddress", set_source_address, nullptr, kAnywhere,
                      "the local addresses that connections to origins come from"),
     "WSFlowSourceAddress any|address [address ...]", "any", kSections},
    {AP_INIT_RAW_ARGS(
         "WSFlowPresence", set_presence, nullptr, kAnywhere,
         "whose tunnels are counted as whose presence, and how long somebody without one is still there"),
     "WSFlowPresence key=expression [name=list] [grace=time] [by-route=on|off]|off", "None", kSections},
    {AP_INIT_RAW_ARGS("WSFlowPresenceStore", set_presence_store, nullptr, RSRC_CONF,
                      "the database that has who is online, and how long a process may be silent there"),
     "WSFlowPresenceStore sqlite3|pgsql parameters [lease=time] [queue=number]", "None", kMain},
    {AP_INIT_RAW_ARGS("WSFlowPresenceEvents", set_presence_events, nullptr, RSRC_CONF,
                      "where it is told who has come and who has left, a line of JSON each"),
     "WSFlowPresenceEvents file|pipe|stream:name [maxlen=number]", "None", kMain},
    {AP_INIT_TAKE1("WSFlowNode", set_node, nullptr, RSRC_CONF, "the name of this server among its siblings"),
     "WSFlowNode name", "the name of the host", kMain},
    {AP_INIT_TAKE1("WSFlowSlowStart", set_slow_start, nullptr, kAnywhere,
                   "over what time a balancer's member that comes into use gets more and more of the new "
                   "tunnels, with lbmethod=wsflow"),
     "WSFlowSlowStart time", "30s", kSections},
    {AP_INIT_RAW_ARGS("WSFlowLog", set_tunnel_log, nullptr, RSRC_CONF,
                      "where a line is written for each tunnel at its end, and what is in it"),
     "WSFlowLog file|pipe|none [format] [start=on|off] [every=time]", "None", kServers},
    {AP_INIT_FLAG("WSFlowShowUser", set_flag<&DirConfig::show_user>, nullptr, kAnywhere,
                  "On: the status shows the names of users, and actions may select tunnels by them"),
     "WSFlowShowUser On|Off", "Off", kSections},
    {AP_INIT_FLAG("WSFlowSubprotocolCheck",
                  (set_flag<&DirConfig::handshakes, &HandshakeConfig::check_protocol>), nullptr, kAnywhere,
                  "Off: an origin may answer with a sub-protocol that the client did not offer"),
     "WSFlowSubprotocolCheck On|Off", "On", kSections},
};
constexpr auto kCount = std::size(kDirectives);

constexpr status::DirectiveText text_of(const Directive& directive) noexcept {
  return {.name = directive.command.name,
          .syntax = directive.syntax,
          .default_value = directive.default_value,
          .context = directive.context,
          .help = directive.command.errmsg};
}

}  // namespace

struct CommandList {
  command_rec commands[kCount + 1];
};
static_assert(std::is_standard_layout_v<CommandList>, "its address is that of its first command");

constinit const CommandList kCommands = []<std::size_t... I>(std::index_sequence<I...>) {
  return CommandList{{kDirectives[I].command..., {}}};
}
(std::make_index_sequence<kCount>{});

std::span<const status::DirectiveText> directive_texts() noexcept {
  static constexpr auto kTexts = [] {
    std::array<status::DirectiveText, kCount> texts;
    std::ranges::transform(kDirectives, texts.begin(), text_of);
    return texts;
  }();
  return kTexts;
}

}  // namespace wsflow::httpd
