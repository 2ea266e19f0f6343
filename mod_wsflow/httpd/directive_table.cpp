#include "mod_wsflow/httpd/directive_table.hpp"

#include "mod_wsflow/httpd/config_parse.hpp"
#include "mod_wsflow/httpd/limit_config.hpp"
#include "mod_wsflow/httpd/routes.hpp"
#include "mod_wsflow/httpd/value_parse.hpp"

namespace wsflow::httpd {

namespace {

const char* set_enabled(cmd_parms* cmd, void* config, int on) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, NOT_IN_HTACCESS)) return error;
  static_cast<DirConfig*>(config)->enabled = on;
  return nullptr;
}

const char* set_timeout(cmd_parms* cmd, void* config, const char* word) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, NOT_IN_HTACCESS)) return error;
  const auto key = parse_timeout_key(cmd->pool, word, static_cast<DirConfig*>(config)->timeouts);
  if (key.error != nullptr) return apr_pstrcat(cmd->pool, "WSFlowTimeout ", key.error, nullptr);
  if (!key.known) {
    return apr_pstrcat(cmd->pool, "WSFlowTimeout ", word, ": unknown; expected handshake=TIME or close=TIME",
                       nullptr);
  }
  return nullptr;
}

const char* set_number(cmd_parms* cmd, const char* value, int most, int ServerConfig::*field) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, GLOBAL_ONLY)) return error;
  if (!parse_number(value, 1, most, config_of(cmd->server).*field)) {
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

const char* set_drain(cmd_parms* cmd, void*, const char* word) noexcept {
  if (const char* error = ap_check_cmd_context(cmd, GLOBAL_ONLY)) return error;
  const auto key = parse_drain_key(cmd->pool, word, config_of(cmd->server).drain);
  if (key.error != nullptr) return apr_pstrcat(cmd->pool, "WSFlowDrain ", key.error, nullptr);
  if (!key.known) {
    return apr_pstrcat(cmd->pool, "WSFlowDrain ", word,
                       ": unknown; expected deadline=TIME, window=TIME or code=NUMBER", nullptr);
  }
  return nullptr;
}

constexpr Directive kDirectives[] = {
    {"WSFlow", "WSFlow On|Off", "Off", "server config, virtual host, directory",
     "On: take the WebSocket upgrades of mod_proxy's routes too, not only those of WSFlowPass"},
    {"WSFlowPass", "WSFlowPass [path] url|! [key=value ...]", "None",
     "server config, virtual host, directory", "map a path to a WebSocket origin, as ProxyPass does"},
    {"WSFlowTimeout", "WSFlowTimeout [handshake=time] [close=time]", "handshake=10s close=5s",
     "server config, virtual host, directory",
     "how long an origin may take to answer the handshake, and a tunnel to end once one side has"},
    {"WSFlowThreads", "WSFlowThreads number", "1", "server config",
     "event loop threads of each child process"},
    {"WSFlowMaxTunnels", "WSFlowMaxTunnels number", "from the descriptor limit", "server config",
     "how many tunnels a child process holds at most; more are refused with 503"},
    {"WSFlowDrain", "WSFlowDrain [deadline=time] [window=time] [code=number]",
     "deadline=24h window=10m code=1012", "server config",
     "how long tunnels of a child that ended gracefully live on, over what time they are closed then, and "
     "with "
     "which Close code"},
    {"WSFlowLimit", "WSFlowLimit name [key=value ...]|off", "None", "server config, virtual host, directory",
     "how many requests and tunnels may be there at a time, or how fast they may come"},
};

constexpr int kAnywhere = RSRC_CONF | ACCESS_CONF;

}  // namespace

constinit const command_rec kCommands[] = {
    AP_INIT_FLAG(kDirectives[0].name, set_enabled, nullptr, kAnywhere, kDirectives[0].help),
    AP_INIT_RAW_ARGS(kDirectives[1].name, set_pass, nullptr, kAnywhere, kDirectives[1].help),
    AP_INIT_ITERATE(kDirectives[2].name, set_timeout, nullptr, kAnywhere, kDirectives[2].help),
    AP_INIT_TAKE1(kDirectives[3].name, set_threads, nullptr, RSRC_CONF, kDirectives[3].help),
    AP_INIT_TAKE1(kDirectives[4].name, set_max_tunnels, nullptr, RSRC_CONF, kDirectives[4].help),
    AP_INIT_ITERATE(kDirectives[5].name, set_drain, nullptr, RSRC_CONF, kDirectives[5].help),
    AP_INIT_RAW_ARGS(kDirectives[6].name, set_limit, nullptr, kAnywhere, kDirectives[6].help),
    {},
};

std::span<const Directive> directives() noexcept {
  return kDirectives;
}

}  // namespace wsflow::httpd
