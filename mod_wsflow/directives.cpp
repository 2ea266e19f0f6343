#include "mod_wsflow/directives.hpp"

#include "mod_wsflow/config/values.hpp"
#include "mod_wsflow/httpd/config/drain_keys.hpp"
#include "mod_wsflow/httpd/config/handshake_config.hpp"
#include "mod_wsflow/httpd/config/limit_directives.hpp"
#include "mod_wsflow/httpd/config/tunnel_directives.hpp"
#include "mod_wsflow/httpd/config/tunnel_log.hpp"
#include "mod_wsflow/httpd/handshake/routes.hpp"

namespace wsflow::httpd {

namespace {

const char* set_enabled(cmd_parms* cmd, void* config, int on) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, NOT_IN_HTACCESS)) return error;
  static_cast<DirConfig*>(config)->enabled = on;
  return nullptr;
}

const char* set_show_user(cmd_parms* cmd, void* config, int on) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, NOT_IN_HTACCESS)) return error;
  static_cast<DirConfig*>(config)->show_user = on;
  return nullptr;
}

const char* set_number(cmd_parms* cmd, const char* value, int most, int ServerConfig::*field) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, GLOBAL_ONLY)) return error;
  if (!config::parse_number(value, 1, most, config_of(cmd->server).*field)) {
    return apr_psprintf(cmd->pool, "%s %s: needs a number from 1 to %d", cmd->cmd->name, value, most);
  }
  return nullptr;
}

const char* set_threads(cmd_parms* cmd, void*, const char* value) noexcept {
  return set_number(cmd, value, 64, &ServerConfig::threads);
}

const char* set_max_tunnels(cmd_parms* cmd, void*, const char* value) noexcept {
  return set_number(cmd, value, 10'000'000, &ServerConfig::max_tunnels);
}

const char* set_max_buffered(cmd_parms* cmd, void*, const char* value) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, GLOBAL_ONLY)) return error;
  constexpr std::int64_t kMebi = std::int64_t{1} << 20U;
  auto& bytes = config_of(cmd->server).max_buffered;
  if (config::parse_size(value, 0, 0, bytes) || config::parse_size(value, kMebi, kMebi * kMebi, bytes))
    return nullptr;
  return apr_psprintf(cmd->pool,
                      "%s %s: needs 0 (no bound) or a number of bytes from 1M to 1024G (units k, M, G)",
                      cmd->cmd->name, value);
}

const char* set_drain(cmd_parms* cmd, void*, const char* word) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, GLOBAL_ONLY)) return error;
  const auto key = parse_drain_key(cmd->pool, word, config_of(cmd->server).drain);
  if (key.error != nullptr) return apr_pstrcat(cmd->pool, "WSFlowDrain ", key.error, nullptr);
  if (!key.known) {
    return apr_pstrcat(
        cmd->pool, "WSFlowDrain ", word,
        ": unknown; expected deadline=TIME, window=TIME, code=NUMBER or on-worker-down=keep|close:N/s",
        nullptr);
  }
  return nullptr;
}

constexpr Directive kDirectives[] = {
    {"WSFlow", "WSFlow On|Off", "Off", "server config, virtual host, directory",
     "On: take the WebSocket upgrades of mod_proxy's routes too, not only those of WSFlowPass"},
    {"WSFlowPass", "WSFlowPass [path] url|! [key=value ...]", "None",
     "server config, virtual host, directory", "map a path to a WebSocket origin, as ProxyPass does"},
    {"WSFlowTimeout",
     "WSFlowTimeout [connect=time] [handshake=time] [idle=time] [stall=time] [close=time] [lifetime=time] "
     "[jitter=percent] [until=expression]",
     "connect=5s handshake=10s idle=0 stall=60s close=5s lifetime=0 jitter=10%",
     "server config, virtual host, directory",
     "how long an origin may take to be reached and to answer, and what ends a tunnel: silence, a peer that "
     "takes nothing, age, or the end of a session"},
    {"WSFlowThreads", "WSFlowThreads number", "1", "server config",
     "event loop threads of each child process"},
    {"WSFlowMaxTunnels", "WSFlowMaxTunnels number", "from the descriptor limit", "server config",
     "how many tunnels a child process holds at most; more are refused with 503"},
    {"WSFlowDrain",
     "WSFlowDrain [deadline=time] [window=time] [code=number] [on-worker-down=keep|close:number/s]",
     "deadline=24h window=10mi code=1012 on-worker-down=keep", "server config",
     "how long tunnels of a child that ended gracefully live on, over what time they are closed then, and "
     "with which Close code; and what becomes of those whose worker is down"},
    {"WSFlowLimit", "WSFlowLimit name [key=value ...]|off", "None", "server config, virtual host, directory",
     "how many requests and tunnels may be there at a time, or how fast they may come"},
    {"WSFlowPing", "WSFlowPing [client=time] [origin=time] [timeout=time]", "client=45s origin=0 timeout=20s",
     "server config, virtual host, directory",
     "after what silence a peer is pinged, and how long it may take to answer"},
    {"WSFlowBufferSize", "WSFlowBufferSize bytes", "64k", "server config, virtual host, directory",
     "how many bytes may wait for a slow reader, in each direction of a tunnel"},
    {"WSFlowReceiveBufferSize", "WSFlowReceiveBufferSize bytes", "0",
     "server config, virtual host, directory",
     "the kernel's receive buffer of both connections of a tunnel; 0: the system's"},
    {"WSFlowSendBufferSize", "WSFlowSendBufferSize bytes", "0", "server config, virtual host, directory",
     "the kernel's send buffer of both connections of a tunnel; 0: the system's"},
    {"WSFlowMessageLimit",
     "WSFlowMessageLimit [frame=bytes] [message=bytes] [rate=number/s] [bytes=bytes/s] "
     "[from=client|origin|both] [action=slow|close] [strict=on|off]",
     "None", "server config, virtual host, directory",
     "how large messages may be and how fast they may come, and whether RFC 6455 is enforced"},
    {"WSFlowMaxBuffered", "WSFlowMaxBuffered bytes", "256M", "server config",
     "how many bytes may wait for slow readers in a child process, in all its tunnels together"},
    {"WSFlowOrigin", "WSFlowOrigin any|same|null|host ... [required] [report-only]", "any",
     "server config, virtual host, directory", "the pages of which origins may open tunnels"},
    {"WSFlowProtocol", "WSFlowProtocol any|name [name ...]", "any", "server config, virtual host, directory",
     "the sub-protocols that clients may offer to the origin"},
    {"WSFlowExtensions", "WSFlowExtensions pass|strip", "pass", "server config, virtual host, directory",
     "strip: take the extensions that clients offer out of their handshakes"},
    {"WSFlowSourceAddress", "WSFlowSourceAddress any|address [address ...]", "any",
     "server config, virtual host, directory", "the local addresses that connections to origins come from"},
    {"WSFlowLog", "WSFlowLog file|pipe|none [format] [start=on|off] [every=time]", "None",
     "server config, virtual host", "where a line is written for each tunnel at its end, and what is in it"},
    {"WSFlowShowUser", "WSFlowShowUser On|Off", "Off", "server config, virtual host, directory",
     "On: the status shows the names of users, and actions may select tunnels by them"},
    {"WSFlowSubprotocolCheck", "WSFlowSubprotocolCheck On|Off", "On",
     "server config, virtual host, directory",
     "Off: an origin may answer with a sub-protocol that the client did not offer"},
};

constexpr int kAnywhere = RSRC_CONF | ACCESS_CONF;

}  // namespace

constinit const command_rec kCommands[] = {
    AP_INIT_FLAG(kDirectives[0].name, set_enabled, nullptr, kAnywhere, kDirectives[0].help),
    AP_INIT_RAW_ARGS(kDirectives[1].name, set_pass, nullptr, kAnywhere, kDirectives[1].help),
    AP_INIT_RAW_ARGS(kDirectives[2].name, set_timeout, nullptr, kAnywhere, kDirectives[2].help),
    AP_INIT_TAKE1(kDirectives[3].name, set_threads, nullptr, RSRC_CONF, kDirectives[3].help),
    AP_INIT_TAKE1(kDirectives[4].name, set_max_tunnels, nullptr, RSRC_CONF, kDirectives[4].help),
    AP_INIT_ITERATE(kDirectives[5].name, set_drain, nullptr, RSRC_CONF, kDirectives[5].help),
    AP_INIT_RAW_ARGS(kDirectives[6].name, set_limit, nullptr, kAnywhere, kDirectives[6].help),
    AP_INIT_RAW_ARGS(kDirectives[7].name, set_ping, nullptr, kAnywhere, kDirectives[7].help),
    AP_INIT_TAKE1(kDirectives[8].name, set_buffer_size, nullptr, kAnywhere, kDirectives[8].help),
    AP_INIT_TAKE1(kDirectives[9].name, set_receive_buffer_size, nullptr, kAnywhere, kDirectives[9].help),
    AP_INIT_TAKE1(kDirectives[10].name, set_send_buffer_size, nullptr, kAnywhere, kDirectives[10].help),
    AP_INIT_RAW_ARGS(kDirectives[11].name, set_message_limit, nullptr, kAnywhere, kDirectives[11].help),
    AP_INIT_TAKE1(kDirectives[12].name, set_max_buffered, nullptr, RSRC_CONF, kDirectives[12].help),
    AP_INIT_RAW_ARGS(kDirectives[13].name, set_origin, nullptr, kAnywhere, kDirectives[13].help),
    AP_INIT_RAW_ARGS(kDirectives[14].name, set_protocol, nullptr, kAnywhere, kDirectives[14].help),
    AP_INIT_TAKE1(kDirectives[15].name, set_extensions, nullptr, kAnywhere, kDirectives[15].help),
    AP_INIT_RAW_ARGS(kDirectives[16].name, set_source_address, nullptr, kAnywhere, kDirectives[16].help),
    AP_INIT_RAW_ARGS(kDirectives[17].name, set_tunnel_log, nullptr, RSRC_CONF, kDirectives[17].help),
    AP_INIT_FLAG(kDirectives[18].name, set_show_user, nullptr, kAnywhere, kDirectives[18].help),
    AP_INIT_FLAG(kDirectives[19].name, set_subprotocol_check, nullptr, kAnywhere, kDirectives[19].help),
    {},
};

std::span<const Directive> directives() noexcept {
  return kDirectives;
}

}  // namespace wsflow::httpd
